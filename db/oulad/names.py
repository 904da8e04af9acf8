"""The invented names OULAD's learners go by: the dataset has none."""

import hashlib

GIVEN = """
Abena Adam Adele Agnes Ahmed Aisha Alan Alice Amara Amina Amrit Andrea Angus Anika Anna Anwen
Arjun Arthur Asha Ayesha Beatrice Ben Bethan Bilal Bronwen Callum Cara Carlos Carys Catherine
Charlotte Chen Chloe Ciaran Claire Colin Connor Craig Dafydd Daniel Daria David Deepa Derek
Diana Dominic Duncan Dylan Edith Edward Efua Eilidh Elena Eleri Elif Elizabeth Emeka Emily Emma
Erin Esther Ethan Eva Farah Fatima Fergus Finlay Fiona Frances Gareth George Gillian Grace
Graham Gwen Hamza Hannah Harpreet Harriet Harry Hassan Heather Helen Henry Hugh Hussain Ian
Ibrahim Imogen Imran Ines Iona Irene Isaac Isla Ivan Jack Jamal James Jamila Jan Jasmine
Jennifer Joanna John Joseph Joyce Julia Kamila Karen Karim Kathleen Katie Kavita Keith Kelechi
Kenneth Kiran Kirsty Kofi Kwame Laura Leila Lena Lewis Liam Linda Louise Lucas Lucy Magda Maeve
Malik Marcus Margaret Maria Mark Martin Maya Megan Mehmet Mei Michael Mina Mohammed Moira Morag
Nadia Naomi Natalie Nia Niamh Nicola Nikhil Noah Nora Oksana Oliver Olivia Omar Oscar Owen
Patricia Patrick Paul Pavel Peter Philippa Pooja Priya Rachel Rahul Raj Rania Ravi Rebecca Rhys
Richard Robert Rosa Rowan Ruth Ryan Sabina Sadia Salma Samuel Sandra Sanjay Sara Sean Selina
Shabnam Sian Simon Sofia Stella Stephen Stuart Sunita Susan Tamara Tariq Teresa Thandi Theo
Thomas Tomasz Uma Usman Valerie Vera Victoria Vikram Wei William Winston Yasmin Yusuf Zahra
Zainab Zoe Zuzanna
"""
FAMILY = """
Abbott Adams Adeyemi Ahmed Akhtar Ali Allen Anderson Andrews Armstrong Asante Ashworth Atkinson
Bailey Baker Banerjee Barker Barnes Begum Bell Bennett Bhatt Black Boateng Booth Bradley Brennan
Brooks Brown Burgess Burns Butler Byrne Cameron Campbell Carr Carter Chapman Chaudhry Chen Clark
Clarke Cole Collins Connolly Cook Cooper Cox Craig Crawford Cunningham Daly Das Davidson Davies
Dawson Desai Dhillon Dixon Doherty Douglas Doyle Duncan Edwards Ellis Evans Farrell Ferguson
Fernandes Fisher Fletcher Flynn Ford Foster Fox Fraser Gallagher Gardner George Gibson Gill
Gomez Gordon Graham Grant Gray Green Griffiths Gupta Hall Hamilton Harper Harris Harrison Hart
Hasan Hayes Henderson Hill Holmes Hopkins Howard Howells Hudson Hughes Hunt Hussain Ibrahim
Iqbal Islam Jackson James Jenkins John Johnson Johnston Jones Joshi Kapoor Kaur Kelly Kennedy
Khan King Knight Kowalski Kumar Lamb Lawson Lee Lewis Li Lloyd Lowe Macdonald Mackay Mahmood
Malik Marsh Marshall Martin Mason Matthews McCarthy McDonald McKenzie Mehta Mensah Miah Miller
Mills Mistry Mitchell Moore Morgan Morris Morrison Murphy Murray Nair Nelson Newton Nguyen Nowak
Obi Okafor Okoro Oliver Osei Owen Palmer Parker Parry Patel Patterson Payne Pearce Pereira Perry
Phillips Porter Powell Price Pritchard Quinn Rahman Rao Rees Reid Reynolds Richards Roberts
Robertson Robinson Rogers Rose Ross Russell Ryan Saunders Scott Shah Sharma Shaw Shepherd
Simpson Singh Smith Spencer Stevens Stewart Stone Sutherland Suzuki Szymanski Taylor Thomas
Thompson Thomson Tran Tucker Turner Uddin Vaughan Wagner Walker Wallace Walsh Ward Watson Watts
Webb West White Wilkinson Williams Wilson Wong Wood Wright Wu Yilmaz Young Zhang
"""
GIVEN_NAMES, FAMILY_NAMES = GIVEN.split(), FAMILY.split()


def invented_name(student: int) -> tuple[str, str]:
    """(given, family) of a learner: always the same for the same number, and nothing else.

    Gender, region and the rest stay out of the choice, because a name is
    shown to every teacher and protected attributes to none.

    >>> invented_name(11391) == invented_name(11391)
    True
    """
    digest = hashlib.sha256(f"oulad/{student}".encode()).digest()
    return _one(GIVEN_NAMES, digest[:8]), _one(FAMILY_NAMES, digest[8:16])


def _one(names: list[str], number: bytes) -> str:
    return names[int.from_bytes(number, "big") % len(names)]
