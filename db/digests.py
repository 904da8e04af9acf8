"""The weekly digest by mail: figures about the reader's own work, and nothing about any learner."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, text

from db.mail import MailError, MailServer, send

FROM_HOUR: Final = 6  # of Monday, in the district's time zone; a late start still sends that week
SUBJECT: Final = "Your week in Chalkline"


@dataclass(frozen=True)
class DigestReport:
    """How many digests went out, and how many the mail server did not take."""

    sent: int
    failed: int


def send_due(
    engine: Engine, server: MailServer | None, address: str | None, *, now: datetime
) -> DigestReport:
    """Sends each digest of this week that nobody has tried yet; a failed one waits a week.

    That it is being sent is committed first: who is killed in between sends none twice.
    """
    sent = failed = 0
    if server is None:
        return DigestReport(0, 0)
    with engine.begin() as connection:
        due = connection.execute(text(_DUE), {"now": now, "hour": FROM_HOUR}).all()
    for row in due:
        key = {"district": row.district_id, "staff": row.staff_id, "week": row.week_of, "now": now}
        with engine.begin() as connection:
            mine = connection.execute(text(_BEGIN), key).rowcount
        if not mine:
            continue  # another worker was quicker
        try:
            send(
                server,
                to=row.email,
                subject=SUBJECT,
                body=body(row.waiting, row.overdue, row.coming, row.unread, address),
            )
            state, sent = "sent", sent + 1
        except MailError:
            state, failed = "failed", failed + 1
        with engine.begin() as connection:
            connection.execute(text(_END), {**key, "state": state})
    return DigestReport(sent, failed)


def body(waiting: int, overdue: int, coming: int, unread: int, address: str | None) -> str:
    """The whole text. It names nobody, and says where to look.

    >>> print(body(12, 1, 0, 2, "https://chalkline.example.org"))
    Good morning,
    <BLANKLINE>
    learners with a flag that waits for you: 12
    plans whose review is overdue: 1
    plans to review this week: 0
    notices from colleagues you have not read: 2
    <BLANKLINE>
    Sign in to see them: https://chalkline.example.org/week
    <BLANKLINE>
    You get this on Mondays. Turn it off under "My week".
    <BLANKLINE>
    """
    where = f"Sign in to see them: {address}/week" if address else "Sign in to see them."
    return (
        "Good morning,\n\n"
        f"learners with a flag that waits for you: {waiting}\n"
        f"plans whose review is overdue: {overdue}\n"
        f"plans to review this week: {coming}\n"
        f"notices from colleagues you have not read: {unread}\n\n"
        f'{where}\n\nYou get this on Mondays. Turn it off under "My week".\n'
    )


_DUE = """
WITH here AS (
    SELECT i.district_id, chalkline.today(i.district_id) AS today,
           (CAST(:now AS timestamptz) AT TIME ZONE i.timezone) AS clock
    FROM chalkline.institutions i WHERE i.kind = 'district' AND i.clock_on IS NULL),
weeks AS (
    SELECT district_id, today, today - (extract(isodow FROM today)::integer - 1) AS week_of
    FROM here WHERE extract(isodow FROM clock) > 1 OR extract(hour FROM clock) >= :hour),
people AS (
    SELECT DISTINCT w.district_id, w.today, w.week_of, s.staff_id, s.email, r.role
    FROM weeks w
    JOIN chalkline.staff s ON s.district_id = w.district_id AND s.email IS NOT NULL
    JOIN chalkline.staff_roles r ON r.district_id = s.district_id AND r.staff_id = s.staff_id
     AND r.role IN ('teacher', 'counselor') AND r.starts_on <= w.today
     AND (r.ends_on IS NULL OR r.ends_on >= w.today)
    JOIN chalkline.accounts a ON a.district_id = s.district_id AND a.staff_id = s.staff_id
     AND a.disabled_at IS NULL
    WHERE NOT EXISTS (
        SELECT FROM chalkline.digests d WHERE d.district_id = s.district_id
          AND d.staff_id = s.staff_id AND d.week_of = w.week_of)
      AND NOT EXISTS (
        SELECT FROM chalkline.staff_settings o WHERE o.district_id = s.district_id
          AND o.staff_id = s.staff_id AND NOT o.weekly_digest)),
theirs AS (
    SELECT p.district_id, p.staff_id, c.learner_id FROM people p
    JOIN chalkline.caseloads c ON p.role = 'counselor' AND c.district_id = p.district_id
     AND c.staff_id = p.staff_id AND c.starts_on <= p.today
     AND (c.ends_on IS NULL OR c.ends_on >= p.today)
    JOIN chalkline.flags f ON f.district_id = c.district_id AND f.learner_id = c.learner_id
     AND f.closed_on IS NULL AND f.state IN ('open', 'acknowledged', 'referred')
    UNION
    SELECT p.district_id, p.staff_id, f.learner_id FROM people p
    JOIN chalkline.class_staff t ON p.role = 'teacher' AND t.district_id = p.district_id
     AND t.staff_id = p.staff_id AND t.starts_on <= p.today
     AND (t.ends_on IS NULL OR t.ends_on >= p.today)
    JOIN chalkline.classes k ON k.district_id = t.district_id AND k.class_id = t.class_id
     AND k.starts_on <= p.today AND k.ends_on >= p.today
    JOIN chalkline.flags f ON f.district_id = t.district_id AND f.class_id = t.class_id
     AND f.closed_on IS NULL AND f.state = 'open')
SELECT p.district_id, p.staff_id, p.week_of, min(p.email) AS email,
       (SELECT count(*) FROM theirs t WHERE t.district_id = p.district_id
           AND t.staff_id = p.staff_id) AS waiting,
       (SELECT count(*) FROM chalkline.interventions i WHERE i.district_id = p.district_id
           AND i.owner_id = p.staff_id AND i.ended_on IS NULL AND i.review_on < min(p.today))
           AS overdue,
       (SELECT count(*) FROM chalkline.interventions i WHERE i.district_id = p.district_id
           AND i.owner_id = p.staff_id AND i.ended_on IS NULL
           AND i.review_on BETWEEN min(p.today) AND min(p.today) + 7) AS coming,
       (SELECT count(*) FROM chalkline.notifications n WHERE n.district_id = p.district_id
           AND n.staff_id = p.staff_id AND n.read_at IS NULL) AS unread
FROM people p GROUP BY p.district_id, p.staff_id, p.week_of ORDER BY 1, 2
"""
_BEGIN = """
INSERT INTO chalkline.digests (district_id, staff_id, week_of, state, updated_at)
VALUES (:district, :staff, :week, 'sending', :now) ON CONFLICT DO NOTHING
"""
_END = """
UPDATE chalkline.digests SET state = :state, updated_at = :now
WHERE district_id = :district AND staff_id = :staff AND week_of = :week
"""
