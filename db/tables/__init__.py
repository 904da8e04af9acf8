"""The tables as mapped classes: typed columns for expressions, never loaded as objects.

The SQL in db/migrations owns the tables; a test compares the two.
"""

from db.tables.access import Account, ContextSecret, SignInAttempt, SignInTicket, WebSession
from db.tables.action import (
    ClassNotice,
    Flag,
    FlagEvent,
    Intervention,
    InterventionNote,
    Recommendation,
)
from db.tables.assessment import (
    Assessment,
    AssessmentAttempt,
    AssessmentItem,
    ClassAssessment,
    ItemCompetency,
    ItemResponse,
)
from db.tables.base import SCHEMA, Table
from db.tables.content import (
    Competency,
    CompetencyEdge,
    ContentCompetency,
    ContentItem,
    Course,
    Module,
    Section,
)
from db.tables.custody import (
    AuditCheckpoint,
    AuditEntry,
    BreakGlass,
    Consent,
    Disclosure,
    ErasureRequest,
    KeyUsage,
    LegalHold,
    RetentionRule,
)
from db.tables.estimates import (
    ContentEffectiveness,
    ItemStatistics,
    LearningPattern,
    Mastery,
    RiskModel,
    RiskScore,
)
from db.tables.learners import DataKey, Learner, LearnerGroup, LearnerPii, ProtectedAttribute
from db.tables.learning import LearningInteraction, LearningSession, SectionProgress
from db.tables.operations import Backup, Import, ImportError, JobRun
from db.tables.organisation import AcademicTerm, Institution, Staff, StaffRole
from db.tables.releases import (
    BudgetProposal,
    Release,
    ReleaseBudget,
    ReleaseRow,
    ReleaseVersion,
)
from db.tables.state import (
    ActivityDay,
    AssessmentState,
    EnrollmentState,
    SchoolGradeState,
    SectionState,
    Watermark,
)
from db.tables.teaching import Attendance, BehaviourEvent, Caseload, Class, ClassStaff, Enrollment

__all__ = [
    "SCHEMA",
    "AcademicTerm",
    "Account",
    "ActivityDay",
    "Assessment",
    "AssessmentAttempt",
    "AssessmentItem",
    "AssessmentState",
    "Attendance",
    "AuditCheckpoint",
    "AuditEntry",
    "Backup",
    "BehaviourEvent",
    "BreakGlass",
    "BudgetProposal",
    "Caseload",
    "Class",
    "ClassAssessment",
    "ClassNotice",
    "ClassStaff",
    "Competency",
    "CompetencyEdge",
    "Consent",
    "ContentCompetency",
    "ContentEffectiveness",
    "ContentItem",
    "ContextSecret",
    "Course",
    "DataKey",
    "Disclosure",
    "Enrollment",
    "EnrollmentState",
    "ErasureRequest",
    "Flag",
    "FlagEvent",
    "Import",
    "ImportError",
    "Institution",
    "Intervention",
    "InterventionNote",
    "ItemCompetency",
    "ItemResponse",
    "ItemStatistics",
    "JobRun",
    "KeyUsage",
    "Learner",
    "LearnerGroup",
    "LearnerPii",
    "LearningInteraction",
    "LearningPattern",
    "LearningSession",
    "LegalHold",
    "Mastery",
    "Module",
    "ProtectedAttribute",
    "Recommendation",
    "Release",
    "ReleaseBudget",
    "ReleaseRow",
    "ReleaseVersion",
    "RetentionRule",
    "RiskModel",
    "RiskScore",
    "SchoolGradeState",
    "Section",
    "SectionProgress",
    "SectionState",
    "SignInAttempt",
    "SignInTicket",
    "Staff",
    "StaffRole",
    "Table",
    "Watermark",
    "WebSession",
]
