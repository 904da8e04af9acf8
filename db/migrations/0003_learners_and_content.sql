-- Learners, without a plain name anywhere, and what they learn from.
CREATE TABLE chalkline.learner_groups (
    district_id     integer NOT NULL,
    group_id        uuid NOT NULL,
    generalisation  jsonb NOT NULL,
    size            integer NOT NULL CHECK (size >= 0),
    formed_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, group_id)
);
COMMENT ON TABLE chalkline.learner_groups IS 'One row per k-anonymous cohort of a district.';
COMMENT ON COLUMN chalkline.learner_groups.generalisation IS 'The quasi-identifiers as generalised, e.g. {"age_group": "11-13", "school": "*"}.';

CREATE TABLE chalkline.learners (
    district_id          integer NOT NULL,
    learner_id           uuid NOT NULL,
    anonymous_id         uuid NOT NULL DEFAULT gen_random_uuid(),
    school_id            uuid NOT NULL,
    group_id             uuid,
    age_group            text NOT NULL DEFAULT 'unknown'
                         CHECK (age_group IN ('under 11', '11-13', '14-15', '16-17', '18-34', '35-54', '55 and over', 'unknown')),
    grade_level          smallint CHECK (grade_level BETWEEN 0 AND 13),
    academic_level       text NOT NULL
                         CHECK (academic_level IN ('elementary', 'middle', 'high_school', 'undergraduate', 'graduate', 'professional')),
    accessibility_needs  text[] NOT NULL DEFAULT '{}',
    programmes           text[] NOT NULL DEFAULT '{}',
    home_language        text,
    preferred_difficulty text CHECK (preferred_difficulty IN ('beginner', 'intermediate', 'advanced', 'expert')),
    learning_pace        text CHECK (learning_pace IN ('self_paced', 'instructor_led', 'cohort_based')),
    consent_state        text NOT NULL DEFAULT 'school_official'
                         CHECK (consent_state IN ('school_official', 'parental', 'own', 'pending', 'withdrawn')),
    ferpa_level          text NOT NULL DEFAULT 'standard' CHECK (ferpa_level IN ('standard', 'restricted')),
    directory_opt_out    boolean NOT NULL DEFAULT false,
    retention_state      text NOT NULL DEFAULT 'active'
                         CHECK (retention_state IN ('active', 'due', 'held', 'anonymised', 'erased')),
    retain_until         date,
    left_on              date,
    last_active_at       timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    source_hash          bytea,
    PRIMARY KEY (district_id, learner_id),
    UNIQUE (district_id, anonymous_id),
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions,
    FOREIGN KEY (district_id, group_id) REFERENCES chalkline.learner_groups
);
CREATE UNIQUE INDEX learners_source ON chalkline.learners (district_id, source_hash);
COMMENT ON TABLE chalkline.learners IS 'One row per learner of a district; no plain name, e-mail or birth date.';
COMMENT ON INDEX chalkline.learners_source IS 'Serves: the loaders, which find a learner again by the source system''s identifier.';
COMMENT ON COLUMN chalkline.learners.anonymous_id IS 'Random identifier for analytics and the audit trail; changing it unlinks the past.';
COMMENT ON COLUMN chalkline.learners.grade_level IS '0 is kindergarten; null where grades do not exist.';
COMMENT ON COLUMN chalkline.learners.age_group IS 'A range, never an age.';
COMMENT ON COLUMN chalkline.learners.source_hash IS 'HMAC of the source system''s identifier, so that a second load finds the learner again.';
COMMENT ON COLUMN chalkline.learners.consent_state IS 'On what ground the record is held; details in consents.';

CREATE TABLE chalkline.protected_attributes (
    district_id  integer NOT NULL,
    learner_id   uuid NOT NULL,
    attribute    text NOT NULL CHECK (attribute IN
                 ('gender', 'ethnicity', 'income_band', 'disability', 'region', 'prior_education', 'age_band', 'learning_style')),
    value        text NOT NULL,
    PRIMARY KEY (district_id, learner_id, attribute),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.protected_attributes IS 'One row per learner and protected attribute. Read by jobs that audit for fairness and by nothing else: no page, no model.';
COMMENT ON COLUMN chalkline.protected_attributes.attribute IS 'learning_style is unvalidated legacy data, kept if imported and used by nothing.';

CREATE TABLE chalkline.data_keys (
    district_id   integer NOT NULL,
    learner_id    uuid NOT NULL,
    kek_id        text NOT NULL,
    wrapped       bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    rewrapped_at  timestamptz,
    PRIMARY KEY (district_id, learner_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX data_keys_kek ON chalkline.data_keys (kek_id);
COMMENT ON TABLE chalkline.data_keys IS 'One row per learner: her data key, wrapped by a key-encrypting key that is not in the database.';
COMMENT ON INDEX chalkline.data_keys_kek IS 'Serves: key rotation, which walks the keys wrapped by one KEK.';

CREATE TABLE chalkline.learner_pii (
    district_id  integer NOT NULL,
    learner_id   uuid NOT NULL,
    given_name   bytea NOT NULL,
    family_name  bytea NOT NULL,
    email        bytea,
    birth_date   bytea,
    contacts     bytea,
    name_token   bytea CHECK (octet_length(name_token) = 16),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, learner_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX learner_pii_name ON chalkline.learner_pii (district_id, name_token);
COMMENT ON TABLE chalkline.learner_pii IS 'One row per learner: personal fields, each AES-256-GCM encrypted under the learner''s data key.';
COMMENT ON INDEX chalkline.learner_pii_name IS 'Serves: search by name.';
COMMENT ON COLUMN chalkline.learner_pii.name_token IS 'Compound blind index of family and given name: an exact name can be looked up, none can be read. Null with a single name.';
COMMENT ON COLUMN chalkline.learner_pii.contacts IS 'JSON list of parents and emergency contacts, encrypted whole.';

CREATE TABLE chalkline.courses (
    course_id        uuid PRIMARY KEY,
    code             text NOT NULL UNIQUE,
    title            text NOT NULL,
    subject          text NOT NULL,
    grade_level      smallint CHECK (grade_level BETWEEN 0 AND 13),
    description      text,
    learning_objectives jsonb NOT NULL DEFAULT '[]',
    difficulty_level text CHECK (difficulty_level IN ('beginner', 'intermediate', 'advanced', 'expert')),
    estimated_hours  real CHECK (estimated_hours > 0),
    academic_credits numeric(4, 1),
    content_format   text NOT NULL DEFAULT 'mixed' CHECK (content_format IN ('text', 'video', 'interactive', 'mixed')),
    delivery_method  text NOT NULL DEFAULT 'blended' CHECK (delivery_method IN ('synchronous', 'asynchronous', 'blended')),
    status           text NOT NULL DEFAULT 'published' CHECK (status IN ('draft', 'under_review', 'published', 'archived'))
);
COMMENT ON TABLE chalkline.courses IS 'One row per course of the catalogue (reference data, shared by districts).';

CREATE TABLE chalkline.modules (
    module_id              uuid PRIMARY KEY,
    course_id              uuid NOT NULL REFERENCES chalkline.courses,
    position               smallint NOT NULL CHECK (position >= 1),
    title                  text NOT NULL,
    bloom_level            chalkline.bloom_level,
    estimated_minutes      integer CHECK (estimated_minutes > 0),
    prerequisite_modules   uuid[] NOT NULL DEFAULT '{}',
    unlock_criteria        jsonb NOT NULL DEFAULT '{}',
    minimum_passing_score  real CHECK (minimum_passing_score BETWEEN 0 AND 1),
    learning_objectives    jsonb NOT NULL DEFAULT '[]',
    UNIQUE (course_id, position)
);
COMMENT ON TABLE chalkline.modules IS 'One row per module (unit) of a course.';
COMMENT ON COLUMN chalkline.modules.bloom_level IS 'The level of Bloom''s taxonomy the module aims at; null where nobody tagged it.';

CREATE TABLE chalkline.sections (
    section_id          uuid PRIMARY KEY,
    module_id           uuid NOT NULL REFERENCES chalkline.modules,
    course_id           uuid NOT NULL REFERENCES chalkline.courses,
    position            smallint NOT NULL CHECK (position >= 1),
    title               text NOT NULL,
    content_type        text NOT NULL CHECK (content_type IN ('text', 'video', 'interactive', 'assessment', 'simulation', 'discussion')),
    estimated_minutes   real CHECK (estimated_minutes > 0),
    opens_week          smallint CHECK (opens_week >= 0),
    accessibility_adaptations text[] NOT NULL DEFAULT '{}',
    unlock_conditions   jsonb NOT NULL DEFAULT '{}',
    completion_criteria jsonb NOT NULL DEFAULT '{}',
    UNIQUE (module_id, position)
);
CREATE INDEX sections_course ON chalkline.sections (course_id);
COMMENT ON TABLE chalkline.sections IS 'One row per section of a module.';
COMMENT ON COLUMN chalkline.sections.opens_week IS 'Week of the class (0 is its first) in which the section is taught; null when unscheduled.';

CREATE TABLE chalkline.content_items (
    content_id              uuid PRIMARY KEY,
    section_id              uuid NOT NULL REFERENCES chalkline.sections,
    course_id               uuid NOT NULL REFERENCES chalkline.courses,
    title                   text NOT NULL,
    kind                    text NOT NULL,
    language                text,
    target_age_group        text,
    difficulty_level        text CHECK (difficulty_level IN ('beginner', 'intermediate', 'advanced', 'expert')),
    accessibility_features  text[] NOT NULL DEFAULT '{}',
    source_id               text
);
CREATE INDEX content_items_section ON chalkline.content_items (section_id);
COMMENT ON TABLE chalkline.content_items IS 'One row per piece of content (page, video, site) in a section.';

CREATE TABLE chalkline.competencies (
    competency_id  uuid PRIMARY KEY,
    framework      text NOT NULL,
    code           text NOT NULL,
    title          text NOT NULL,
    statement      text,
    subject        text NOT NULL,
    domain         text,
    grade_level    smallint CHECK (grade_level BETWEEN 0 AND 13),
    bloom_level    chalkline.bloom_level,
    UNIQUE (framework, code)
);
COMMENT ON TABLE chalkline.competencies IS 'One row per competency or curriculum standard of a framework.';

CREATE TABLE chalkline.competency_edges (
    prerequisite_id  uuid NOT NULL REFERENCES chalkline.competencies,
    competency_id    uuid NOT NULL REFERENCES chalkline.competencies,
    PRIMARY KEY (prerequisite_id, competency_id),
    CHECK (prerequisite_id <> competency_id)
);
CREATE INDEX competency_edges_back ON chalkline.competency_edges (competency_id);
COMMENT ON TABLE chalkline.competency_edges IS 'One row per "must come before" between two competencies; acyclic (loaders check).';

CREATE TABLE chalkline.content_competencies (
    section_id     uuid NOT NULL REFERENCES chalkline.sections,
    competency_id  uuid NOT NULL REFERENCES chalkline.competencies,
    PRIMARY KEY (section_id, competency_id)
);
CREATE INDEX content_competencies_back ON chalkline.content_competencies (competency_id);
COMMENT ON TABLE chalkline.content_competencies IS 'One row per section and competency it teaches.';
