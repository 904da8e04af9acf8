"""OULAD's codes in plain words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Activity:
    """What one of OULAD's activity types is called here."""

    module: str
    section: str
    content_type: str  # of sections.content_type
    interaction: str  # of learning_interactions.type


ACTIVITIES = {
    "oucontent": Activity("Course texts", "Course text", "text", "content_view"),
    "resource": Activity("Resources", "Resource", "text", "content_view"),
    "subpage": Activity("Topic pages", "Topic page", "text", "content_view"),
    "sharedsubpage": Activity("Shared topic pages", "Shared topic page", "text", "content_view"),
    "page": Activity("Pages", "Page", "text", "content_view"),
    "htmlactivity": Activity("Web activities", "Web activity", "interactive", "content_view"),
    "url": Activity("Links", "Link", "text", "content_view"),
    "folder": Activity("Folders", "Folder", "text", "content_view"),
    "dualpane": Activity("Side-by-side pages", "Side-by-side page", "text", "content_view"),
    "glossary": Activity("Glossary", "Glossary", "text", "content_view"),
    "homepage": Activity("Course home page", "Course home page", "text", "navigation"),
    "dataplus": Activity("Databases", "Database", "interactive", "navigation"),
    "forumng": Activity("Forums", "Forum", "discussion", "discussion"),
    "ouwiki": Activity("Wikis", "Wiki", "discussion", "discussion"),
    "ouelluminate": Activity("Live tutorials", "Live tutorial", "discussion", "discussion"),
    "oucollaborate": Activity("Online rooms", "Online room", "discussion", "discussion"),
    "quiz": Activity("Quizzes", "Quiz", "assessment", "knowledge_check"),
    "externalquiz": Activity("External quizzes", "External quiz", "assessment", "knowledge_check"),
    "repeatactivity": Activity(
        "Repeated practice", "Repeated practice", "interactive", "practice_activity"
    ),
    "questionnaire": Activity("Questionnaires", "Questionnaire", "interactive", "reflection"),
}


def activity(code: str) -> Activity:
    """The activity of a code; one that OULAD has not used before is a page under its own name."""
    return ACTIVITIES.get(code) or Activity(f"Other: {code}", code, "text", "content_view")


ASSESSMENTS = {
    "TMA": ("Tutor-marked", "essay"),
    "CMA": ("Computer-marked", "computer_marked"),
    "Exam": ("Final exam", "exam"),
}

AGE_GROUPS = {"0-35": "18-34", "35-55": "35-54", "55<=": "55 and over"}
RESULTS = {
    "Distinction": "distinction",
    "Pass": "pass",
    "Fail": "fail",
    "Withdrawn": "withdrawn",
}
