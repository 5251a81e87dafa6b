//! A held clock, seeded ids, builders, a database per test.
