"""OULAD's codes in plain words, and the invented names its learners go by."""

import hashlib
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
    "TMA": ("Tutor-marked assignment", "essay"),
    "CMA": ("Computer-marked assignment", "computer_marked"),
    "Exam": ("Final exam", "exam"),
}

AGE_GROUPS = {"0-35": "18-34", "35-55": "35-54", "55<=": "55 and over"}
RESULTS = {
    "Distinction": "distinction",
    "Pass": "pass",
    "Fail": "fail",
    "Withdrawn": "withdrawn",
}

GIVEN = (
    "Abena Adam Adele Agnes Ahmed Aisha Alan Alice Amara Amina Amrit Andrea Angus Anika Anna "
    "Anwen Arjun Arthur Asha Ayesha Beatrice Ben Bethan Bilal Bronwen Callum Cara Carlos Carys "
    "Catherine Charlotte Chen Chloe Ciaran Claire Colin Connor Craig Dafydd Daniel Daria David "
    "Deepa Derek Diana Dominic Duncan Dylan Edith Edward Efua Eilidh Elena Eleri Elif Elizabeth "
    "Emeka Emily Emma Erin Esther Ethan Eva Farah Fatima Fergus Finlay Fiona Frances Gareth "
    "George Gillian Grace Graham Gwen Hamza Hannah Harpreet Harriet Harry Hassan Heather Helen "
    "Henry Hugh Hussain Ian Ibrahim Imogen Imran Ines Iona Irene Isaac Isla Ivan Jack Jamal "
    "James Jamila Jan Jasmine Jennifer Joanna John Joseph Joyce Julia Kamila Karen Karim "
    "Kathleen Katie Kavita Keith Kelechi Kenneth Kiran Kirsty Kofi Kwame Laura Leila Lena Lewis "
    "Liam Linda Louise Lucas Lucy Magda Maeve Malik Marcus Margaret Maria Mark Martin Maya Megan "
    "Mehmet Mei Michael Mina Mohammed Moira Morag Nadia Naomi Natalie Nia Niamh Nicola Nikhil "
    "Noah Nora Oksana Oliver Olivia Omar Oscar Owen Patricia Patrick Paul Pavel Peter Philippa "
    "Pooja Priya Rachel Rahul Raj Rania Ravi Rebecca Rhys Richard Robert Rosa Rowan Ruth Ryan "
    "Sabina Sadia Salma Samuel Sandra Sanjay Sara Sean Selina Shabnam Sian Simon Sofia Stella "
    "Stephen Stuart Sunita Susan Tamara Tariq Teresa Thandi Theo Thomas Tomasz Uma Usman Valerie "
    "Vera Victoria Vikram Wei William Winston Yasmin Yusuf Zahra Zainab Zoe Zuzanna"
).split()
FAMILY = (
    "Abbott Adams Adeyemi Ahmed Akhtar Ali Allen Anderson Andrews Armstrong Asante Ashworth "
    "Atkinson Bailey Baker Banerjee Barker Barnes Begum Bell Bennett Bhatt Black Boateng Booth "
    "Bradley Brennan Brooks Brown Burgess Burns Butler Byrne Cameron Campbell Carr Carter "
    "Chapman Chaudhry Chen Clark Clarke Cole Collins Connolly Cook Cooper Cox Craig Crawford "
    "Cunningham Daly Das Davidson Davies Dawson Desai Dhillon Dixon Doherty Douglas Doyle Duncan "
    "Edwards Ellis Evans Farrell Ferguson Fernandes Fisher Fletcher Flynn Ford Foster Fox Fraser "
    "Gallagher Gardner George Gibson Gill Gomez Gordon Graham Grant Gray Green Griffiths Gupta "
    "Hall Hamilton Harper Harris Harrison Hart Hasan Hayes Henderson Hill Holmes Hopkins Howard "
    "Howells Hudson Hughes Hunt Hussain Ibrahim Iqbal Islam Jackson James Jenkins John Johnson "
    "Johnston Jones Joshi Kapoor Kaur Kelly Kennedy Khan King Knight Kowalski Kumar Lamb Lawson "
    "Lee Lewis Li Lloyd Lowe Macdonald Mackay Mahmood Malik Marsh Marshall Martin Mason Matthews "
    "McCarthy McDonald McKenzie Mehta Mensah Miah Miller Mills Mistry Mitchell Moore Morgan "
    "Morris Morrison Murphy Murray Nair Nelson Newton Nguyen Nowak Obi Okafor Okoro Oliver Osei "
    "Owen Palmer Parker Parry Patel Patterson Payne Pearce Pereira Perry Phillips Porter Powell "
    "Price Pritchard Quinn Rahman Rao Rees Reid Reynolds Richards Roberts Robertson Robinson "
    "Rogers Rose Ross Russell Ryan Saunders Scott Shah Sharma Shaw Shepherd Simpson Singh Smith "
    "Spencer Stevens Stewart Stone Sutherland Suzuki Szymanski Taylor Thomas Thompson Thomson "
    "Tran Tucker Turner Uddin Vaughan Wagner Walker Wallace Walsh Ward Watson Watts Webb West "
    "White Wilkinson Williams Wilson Wong Wood Wright Wu Yilmaz Young Zhang"
).split()


def invented_name(student: int) -> tuple[str, str]:
    """(given, family) of a learner: always the same for the same number, and nothing else.

    OULAD has no names. Gender, region and the rest stay out of the choice, because a name is
    shown to every teacher and protected attributes to none.

    >>> invented_name(11391) == invented_name(11391)
    True
    """
    digest = hashlib.sha256(f"oulad/{student}".encode()).digest()
    given = GIVEN[int.from_bytes(digest[:8], "big") % len(GIVEN)]
    family = FAMILY[int.from_bytes(digest[8:16], "big") % len(FAMILY)]
    return given, family
