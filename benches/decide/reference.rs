//! What was published of the reference, a router in Lua.

use crate::{
    measured::Measured,
    router,
    table::{Table, count, figure},
};

/// What is decided, the group of ours beside it, and for each size Lua 5.4 and LuaJIT in
/// microseconds.
type Published = (&'static str, &'static str, [(usize, f64, f64); 4]);

const PUBLISHED: [Published; 4] = [
    (
        "support",
        "support",
        [(10, 7.5, 2.4), (100, 99.0, 28.0), (1_000, 1_140.0, 350.0), (10_000, 13_200.0, 4_300.0)],
    ),
    (
        "two weights",
        "two weights",
        [(10, 22.6, 8.7), (100, 187.0, 65.0), (1_000, 2_000.0, 650.0), (10_000, 26_800.0, 8_200.0)],
    ),
    (
        "sample",
        "sample",
        [(10, 18.0, 6.8), (100, 333.0, 76.0), (1_000, 19e3, 2_100.0), (10_000, 1.9e6, 0.17e6)],
    ),
    (
        "whole router path",
        router::PREPARED,
        [(10, 153.0, 64.0), (100, 567.0, 268.0), (1_000, 4_800.0, 2_100.0), (10_000, 52e3, 28e3)],
    ),
];

pub fn section(measured: &Measured) -> String {
    let mut table = Table::new(
        1,
        [
            "what",
            "candidates",
            "Lua 5.4 / component",
            "LuaJIT / component",
            "LuaJIT / native",
            "Lua 5.4, µs",
            "LuaJIT, µs",
        ],
    );
    for (what, group, rows) in PUBLISHED {
        for (size, lua, luajit) in rows {
            let us = |engine| measured.us(group, engine, size);
            let (component, native) = (us("component"), us("native"));
            table.row([
                what.to_owned(),
                count(size),
                figure(lua / component),
                figure(luajit / component),
                figure(luajit / native),
                figure(lua),
                figure(luajit),
            ]);
        }
    }
    format!(
        "## Beside the reference

Published times of the reference in Lua: another run, on the same kind of machine. They are not of
the run that wrote this page, and its candidates are not these, so the ratios say an order of
magnitude and no more. Ours are those of *over a catalog* and, for the router, of `rank`, prepared.

{table}"
    )
}
