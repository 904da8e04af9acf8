"""Finds the seven OULAD files in a folder or a zip, under their official names."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from db.oulad.report import LoadError

PRESENTATION = ("code_module", "code_presentation")
COLUMNS = {
    "courses.csv": (*PRESENTATION, "module_presentation_length"),
    "assessments.csv": (*PRESENTATION, "id_assessment", "assessment_type", "date", "weight"),
    "vle.csv": ("id_site", *PRESENTATION, "activity_type", "week_from"),
    "studentInfo.csv": (
        *PRESENTATION,
        "id_student",
        "gender",
        "region",
        "highest_education",
        "imd_band",
        "age_band",
        "num_of_prev_attempts",
        "studied_credits",
        "disability",
        "final_result",
    ),
    "studentRegistration.csv": (
        *PRESENTATION,
        "id_student",
        "date_registration",
        "date_unregistration",
    ),
    "studentAssessment.csv": (
        "id_assessment",
        "id_student",
        "date_submitted",
        "is_banked",
        "score",
    ),
    "studentVle.csv": (*PRESENTATION, "id_student", "id_site", "date", "sum_click"),
}
BLOCK = 1 << 20
ENCRYPTED = 1  # of a zip member's flags
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


@dataclass(frozen=True)
class Dataset:
    """The seven files, wherever they lie."""

    path: Path
    archive: zipfile.ZipFile | None
    places: dict[str, str]  # official name -> member of the zip, or path

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """One file, unpacked as it is read."""
        place = self.places[name]
        try:
            with self.archive.open(place) if self.archive else Path(place).open("rb") as stream:
                yield stream
        except DAMAGED:
            raise LoadError(
                f"{name} in {self.path} can not be unpacked: the zip is damaged or of an unknown "
                "kind. Download it again, or unpack it and name the folder."
            ) from None
        except OSError as error:
            raise LoadError(f"{name} in {self.path} can not be read: {error.strerror}.") from None

    def fingerprint(self) -> str:
        """sha256 over the files' content: a zip and its unpacked folder have the same."""
        whole = hashlib.sha256()
        for name in COLUMNS:
            one = hashlib.sha256()
            with self.open(name) as stream:
                while block := stream.read(BLOCK):
                    one.update(block)
            whole.update(one.digest())
        return whole.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[Dataset]:
    """The dataset at `path`; raises LoadError when it is not there or not whole."""
    if path.is_dir():
        found = [str(file) for file in sorted(path.rglob("*")) if file.is_file()]
        yield Dataset(path, None, _places(path, found))
    elif path.is_file():
        with _archive(path) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
            if any(info.flag_bits & ENCRYPTED for info in files):
                raise LoadError(f"{path} asks for a password. Unpack it and name the folder.")
            members = [info.filename for info in files]
            yield Dataset(path, archive, _places(path, members))
    else:
        raise LoadError(f"There is no file or folder {path}. Name OULAD's zip, or its folder.")


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise LoadError(
            f"{path} is not a zip file, or it is cut short. Download it again, or name the folder "
            "with the CSV files."
        ) from None
    except OSError as error:
        raise LoadError(f"{path} can not be read: {error.strerror}.") from None


def _places(path: Path, members: list[str]) -> dict[str, str]:
    """Official name -> where it lies; file names are compared without regard to case."""
    official = {name.lower(): name for name in COLUMNS}
    found: dict[str, str] = {}
    for member in members:
        name = official.get(member.rsplit("/", 1)[-1].lower())
        if name is None or member.startswith("__MACOSX/"):
            continue
        if name in found:
            raise LoadError(
                f"{path} holds {name} twice ({found[name]} and {member}). Keep one of them."
            )
        found[name] = member
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        raise LoadError(
            f"{path} lacks {', '.join(missing)}. OULAD has seven files: {', '.join(COLUMNS)}; "
            "keep their names."
        )
    return found
