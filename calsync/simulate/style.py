"""How the page of a trial looks: in light, in dark, on a phone and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --soft: #5d6874; --paper: #fbfaf8; --card: #fff; --line: #e2e0da;
  --run0: #2f6f8f; --run1: #d9822b; --over: #c0392b; --l0: #eceae4; --l1: #bcd7e2; --l2: #7fb1c7; --l3: #438aa8;
  --l4: #1d5a76; --band: #dfe9ee; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e1; --soft: #a0a9b2; --paper: #15181b; --card: #1d2125; --line: #32383e; --run0: #6fb3d2;
    --run1: #f0a35a; --over: #ff7b6b; --l0: #262b30; --l1: #23485a; --l2: #2f6f8b; --l3: #4f9dbd; --l4: #9bd6ee;
    --band: #2a3840; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1000px; margin: 0 auto; padding: 2.2rem 1.2rem 3rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.15; margin: 0 0 .4rem; letter-spacing: -.015em; }
h2 { font-size: 1.15rem; margin: 0 0 .9rem; }
h3 { font-size: .95rem; margin: 1.1rem 0 .5rem; color: var(--soft); }
header p { margin: 0; color: var(--soft); }
.changes { list-style: none; padding: 0; margin: .9rem 0 0; display: flex; flex-wrap: wrap; gap: .5rem; }
code { font: .86rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; padding: .2rem .5rem; overflow-wrap: anywhere;
  display: inline-block; }
header .legend { margin-top: .9rem; color: var(--ink); }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin: 0 .4rem 0 0; }
.key.k1 { margin-left: 1rem; } .k0 { background: var(--run0); } .k1 { background: var(--run1); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: .8rem; margin: 1.6rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .8rem 1rem;
  display: flex; flex-direction: column; }
.tile dt { color: var(--soft); font-size: .85rem; line-height: 1.3; } .tile dd { margin: 0; }
.value { font-size: 1.5rem; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }
.value.v1 { color: var(--run1); margin-left: .7rem; }
.value.v0:not(:last-child) { color: var(--run0); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.2rem 1.3rem;
  margin: 0 0 1.1rem; }
.chart { overflow-x: auto; } .chart svg { display: block; max-width: 100%; min-width: 640px; height: auto; }
.note, footer { color: var(--soft); font-size: .88rem; } .note { margin: .6rem 0 0; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--soft); }
svg .axis { text-anchor: end; } svg .tick { text-anchor: middle; } svg .cap { text-anchor: end; }
svg text.cap { fill: var(--over); stroke: var(--card); stroke-width: 5; paint-order: stroke; }
svg line.cap { stroke: var(--over); stroke-dasharray: 3 4; }
svg text.step { fill: var(--ink); font-weight: 600; font-size: 13px; } svg .grid { stroke: var(--line); }
.run0 { fill: var(--run0); } .run1 { fill: var(--run1); } .run0.over, .run1.over
  { stroke: var(--over); stroke-width: 1.5; }
.l0 { fill: var(--l0); background: var(--l0); } .l1 { fill: var(--l1); background: var(--l1); }
.l2 { fill: var(--l2); background: var(--l2); } .l3 { fill: var(--l3); background: var(--l3); }
.l4 { fill: var(--l4); background: var(--l4); } .day.over { stroke: var(--over); stroke-width: 2; }
.day-key { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin: 0 .12rem -.08rem; }
.window { fill: var(--band); } .ideal { stroke: var(--run0); stroke-width: 2; }
.fell { fill: var(--run0); fill-opacity: .72; } .of1 .fell { fill: var(--run1); } .of1 .ideal { stroke: var(--run1); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child { text-align: left; } th { font-weight: 500; } thead th { color: var(--soft); font-size: .82rem; }
tbody tr:last-child > * { border-bottom: 0; } td { white-space: nowrap; }
details { margin-top: .9rem; } summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
.chart table { min-width: 640px; }
ul { margin: 0; padding-left: 1.1rem; } li { margin: .25rem 0; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 560px) { main { padding: 1.4rem .8rem 2rem; } section { padding: 1rem .9rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .6rem; } .value { font-size: 1.25rem; } }
@media print { body { background: #fff; font-size: 11pt; } section, .tile { break-inside: avoid; box-shadow: none; }
  .chart { overflow: visible; } .chart svg { min-width: 0; } }
""".strip()
