"""The second person's word on a change of access, and the change itself."""

from datetime import date, datetime

from sqlalchemy import select, update

import privacy
from db.tables import RoleRequest
from privacy import NotAllowed, Viewer, oversight
from queries.posts import FirstPassword, first_account, give, new_password
from queries.second_person import Request
from queries.trail import record


def decide(
    viewer: Viewer,
    *,
    request: Request,
    agreed: bool,
    sign_in_name: str = "",
    today: date,
    now: datetime,
) -> FirstPassword | None:
    """The second person's word; what was asked for is done in the same transaction.

    NotAllowed for whoever asked, and for whom it is about.
    """
    if viewer.staff_id in (request.asked_by, request.staff_id):
        raise NotAllowed(
            "Whoever asks, and whom it is about, can not be the second person. Ask another "
            "administrator or the security officer."
        )
    told = None
    with privacy.session(viewer) as db:
        this = [
            RoleRequest.district_id == viewer.district_id,
            RoleRequest.request_id == request.request_id,
            RoleRequest.decided_at.is_(None),
        ]
        if db.scalar(select(RoleRequest.request_id).where(*this).with_for_update()) is None:
            raise NotAllowed("This request was decided before. Reload the page.")
        if agreed:
            match request.kind:
                case "role" if request.role and request.school_id:
                    give(
                        db,
                        viewer,
                        staff_id=request.staff_id,
                        role=request.role,
                        school_id=request.school_id,
                        today=today,
                    )
                case "account":
                    told = first_account(
                        db, viewer, staff_id=request.staff_id, sign_in_name=sign_in_name
                    )
                case "reset":
                    told = new_password(db, viewer, staff_id=request.staff_id)
        db.execute(
            update(RoleRequest)
            .where(*this)
            .values(decided_by=viewer.staff_id, decided_at=now, agreed=agreed)
        )
        said = "agreed" if agreed else "declined"
        record(db, viewer, f"request {said}", detail={"request": str(request.request_id)})
    if agreed and request.kind == "reset":
        oversight.start_over(viewer, staff_id=request.staff_id, now=now)
    return told
