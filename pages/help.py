"""What each page is for and how to use it, in a few sentences; shown by Help on the page itself."""

from collections.abc import Mapping
from typing import Final

HELP: Final[Mapping[str, str]] = {
    "today": "Who needs you this week, each with the reasons, what clears them and a next step. "
    "First come those with the greatest chance of failing or leaving, counted together with what "
    "that chance leaves out: low mastery, absence, a colleague's concern. Acknowledge keeps a flag "
    "on the list as yours, Snooze hides it until a day, Wrong flag teaches the rules, Refer passes "
    "it to the counselor. A note clears nothing: new work, answers or presence do. Choose several "
    "acts on all you tick at once, with Undo.",
    "caseload": "The flags of your caseload, overdue reviews first, then what waits longest. Take "
    "one on, start a plan from it, or say that it is wrong and why. Choose several acts on all you "
    "tick at once.",
    "mastery": "Learners down, competencies across, in the order in which one builds on another. A "
    "figure is the share of answers expected to be right; a hatched cell has too few answers to "
    "say. Choose a learner, a competency or a cell to see more.",
    "content": "A course in four parts: sections worth fixing first with their evidence and what "
    "to try; your classes beside the district; questions, for whom they are unfair, how reliable "
    "papers are; standards. Nothing is said about fewer than your district's least group.",
    "patterns": "When, how long, from what and how fast the cohort of your learners learns. About "
    "the cohort only, once a week; 'What ... means' says how each figure is made.",
    "groups": "Whom of a class to teach again together, with what, and who is ready for more. Each "
    "learner is in one group, that of what presses most on her. 'How groups are made' says the "
    "rules. Keep a group to find it again next week, with who has mastered it since; print it to "
    "take it into the lesson.",
    "find": "Type a learner's whole name, or a part of the name of a class, a competency or a "
    "course. Only what is yours is found.",
    "learner": "One learner: what stands now, strengths, plans, and what happened when. 'As of' "
    "shows the page as it stood on an earlier day; 'Show' sets how far back the drawings reach. "
    "Opening the page is noted, and a family may ask who did.",
    "meeting": "One learner of the list at a time, a note and a decision each, by keyboard. Names "
    "can be hidden while a projector is on.",
    "week": "What your colleagues ask of you, reviews that are due, how many cases you can hold, "
    "and who stands in for you while you are away.",
    "plan": "What was agreed for a learner: a goal that can be counted, an owner, a review date. "
    "Record progress as you see it; at the review go on, or end the plan with what came of it.",
    "concern": "Raise a flag yourself, for what no figure shows. It lives and closes as others do.",
    "message": "A message home or to the learner from a template: read it before it goes, and "
    "nothing goes where consent is missing.",
    "overview": "The week's figures of the district, each with the margin that its noise brings. "
    "'Cannot tell' means that a change is smaller than the noise. Choose a figure to compare "
    "schools, and schools by grades; the report holds the same numbers on paper.",
    "equity": "One figure by one trait, with gaps to the largest group. A warning says where so "
    "few learners stand behind a group that only a large gap could be seen.",
    "courses": "Courses and subjects beside each other by one figure. Courses differ in who takes "
    "them: a low figure is a place to look.",
    "learning": "How long, how fast and how deep learning goes, of groups only.",
    "data": "How fresh the data is, what was imported and rejected, and whether jobs run.",
    "security": "Who looked at what, whether that is usual, the state of the keys and of the "
    "audit trail.",
    "privacy": "What has been released about groups this year, what each figure cost of the year's "
    "privacy budget, and what is left. A question already answered costs nothing.",
    "support": "Which kinds of plan help in the district, and the limits, caseload rules, cover "
    "and templates that counselors work by.",
    "staff": "Who holds which role, where and until when; invite, give and end roles. A powerful "
    "role takes a second person.",
    "emergency": "One learner's record for 15 minutes, for a reason that you type. It is noted, "
    "the security officer is told, and the family may ask.",
    "records": "What people asked about a learner's record, with its deadline and the next step; a "
    "learner's file by her full name; consents that are missing; what fell due, which one person "
    "proposes and another approves; and orders to keep records.",
    "account": "Your password, second factor and signed-in browsers.",
    "alerts": "How often flags are right, how many learners they miss and how early they come, "
    "with intervals. Try another line before an administrator saves it: the page says how many "
    "flags that means for a teacher. Groups only, never a learner.",
}
