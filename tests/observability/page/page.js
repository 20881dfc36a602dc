"use strict";
// The dashboard of ANSWERS on Grafana's grid: 24 columns, 30 px and a gap of 8 px a line.

const LINE = 38;
const grid = document.querySelector("main");
const header = document.querySelector("header");
header.append(element("h1", {}, ANSWERS.dashboard.title));
for (const variable of ANSWERS.dashboard.templating.list) {
  if (variable.hide === 2) continue;
  const shown = element("span", { class: "variable" }, `${variable.label} `);
  shown.append(element("b", {}, { ".*": "All", "": "None" }[ANSWERS.variables[variable.name]] ?? ANSWERS.variables[variable.name]));
  header.append(shown);
}
for (const link of ANSWERS.dashboard.links) header.append(element("a", { href: address(link.url), title: link.tooltip }, link.title));

function place(box, at, y) {
  Object.assign(box.style, { left: `${(at.x / 24) * 100}%`, width: `${(at.w / 24) * 100}%`, top: `${y * LINE}px`, height: `${at.h * LINE}px` });
  grid.append(box);
}

function draw(panel, y) {
  const content = element("div", { class: "content" });
  content.append(KINDS[panel.type](panel, panel.targets.map((target) => ({ target, series: ANSWERS.panels[panel.id][target.refId] }))));
  const box = element("div", {}, element("h2", { title: panel.description }, panel.title), content);
  place(element("div", { class: "panel", "data-title": panel.title, "data-kind": panel.type }, box), panel.gridPos, y);
}

// Rows that are folded up stay so unless the page is asked to unfold all; what is below moves down.
let shift = 0;
let height = 0;
for (const panel of ANSWERS.dashboard.panels) {
  const y = panel.gridPos.y + shift;
  height = Math.max(height, y + panel.gridPos.h);
  if (panel.type !== "row") {
    draw(panel, y);
    continue;
  }
  const folded = panel.collapsed && !ANSWERS.unfolded;
  place(element("div", { class: "row" }, `${folded ? "›" : "⌄"} ${panel.title}${folded ? ` (${panel.panels.length} panels)` : ""}`), panel.gridPos, y);
  if (!panel.collapsed || folded) continue;
  let bottom = y + 1;
  for (const inner of panel.panels) {
    draw(inner, inner.gridPos.y + shift);
    bottom = Math.max(bottom, inner.gridPos.y + shift + inner.gridPos.h);
  }
  shift += bottom - (y + 1);
  height = Math.max(height, bottom);
}
grid.style.height = `${height * LINE}px`;
