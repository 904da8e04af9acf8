"""Asks a signed-in person again who she is, before she changes how she signs in (ASVS 7.5.1) or
ends her sessions elsewhere (7.5.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privacy import second_factor
from privacy.accounts import KnownAccount, Wait, begin_attempt, settle
from privacy.passwords import matches
from privacy.session import NotAllowed

GOOD_FOR: Final = timedelta(minutes=1)
WRONG: Final = "The present password or the code is not right."


@dataclass(frozen=True)
class Proof:
    """That somebody has just shown her password and, in a `whole` one, her code if she has one."""

    account: KnownAccount
    at: datetime
    whole: bool = True

    def check(self, account: KnownAccount, *, now: datetime, whole: bool = True) -> None:
        """NotAllowed unless it is this account's, fresh, and `whole` where that is needed."""
        mine = (self.account.district_id, self.account.account_id)
        theirs = (account.district_id, account.account_id)
        if mine != theirs or now - self.at > GOOD_FOR or (whole and not self.whole):
            raise NotAllowed("Type your password, and your code if you have one, again.")


def prove(
    account: KnownAccount, *, password: str, code: str | None, now: datetime
) -> Proof | Wait | None:
    """A proof; None for a wrong password or code, which count as at sign-in and are noted.

    The code of an account with a second factor is the app's or a recovery code; of one without,
    nothing is looked at but the password. Nor is it where `code` is None: one factor will do then,
    and the proof is not a whole one.
    """
    attempt = begin_attempt(account.sign_in_name, now=now)
    if isinstance(attempt, Wait):
        return attempt
    right = matches(password, attempt.password_hash)
    settle(attempt, right=right, now=now)
    if not right:
        return None
    if code is None:
        return Proof(account, now, whole=False)
    if second_factor.asked_of(account):
        shown = second_factor.check(account, code, now=now)
        if shown is None or isinstance(shown, Wait):
            return shown
    return Proof(account, now)
