"use strict";
// Runs in a copy of the page, when it has loaded: looks at every chart, moves what can be moved, and leaves what it
// saw as JSON in #probe. It judges nothing but what a number or a word can tell; `page.rs` does.
addEventListener("load", () => {
  const seen = { errors: [] };
  const all = (selector, root) => [...(root ?? document).querySelectorAll(selector)];
  const fire = (node, type, init) => node.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerType: "mouse", ...init }));
  const middle = (node) => {
    const box = node.getBoundingClientRect();
    return { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  };
  const step = (name, act) => {
    try {
      seen[name] = act();
    } catch (error) {
      seen.errors.push(`${name}: ${error}`);
    }
  };
  const figures = all("figure[data-chart]");

  step("charts", () => figures.map((figure) => {
    const svg = figure.querySelector(".canvas > svg");
    const ink = svg ? all("path[style], rect[style], path.dots", svg).length : 0;
    const text = svg ? all("text", svg).map((node) => node.getBoundingClientRect()) : [];
    const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2;
    let overlaps = 0;
    const ticks = svg ? all("text.tick, text.name", svg).map((node) => node.getBoundingClientRect()) : [];
    ticks.forEach((a, i) => ticks.slice(i + 1).forEach((b) => { if (meet(a, b)) overlaps++; }));
    const room = figure.getBoundingClientRect();
    const outside = text.filter((box) => box.left < room.left - 1 || box.right > room.right + 1).length;
    return {
      id: figure.dataset.chart, drawn: figure.dataset.drawn === "yes", ink, overlaps, outside,
      broken: !svg || /NaN|Infinity|undefined/.test(svg.outerHTML),
    };
  }));

  // The colour of each series of a chart, as the browser has it, by its name in the legend; of one
  // without a legend, by "".
  step("inks", () => Object.fromEntries(figures.map((figure) => {
    const colour = (node) => {
      const { stroke, fill } = getComputedStyle(node);
      return stroke !== "none" ? stroke : fill;
    };
    const buttons = all("button.series", figure);
    if (buttons.length) {
      const swatch = (button) => colour(button.querySelector("svg").lastElementChild);
      return [figure.dataset.chart, Object.fromEntries(buttons.map((button) => [button.innerText, swatch(button)]))];
    }
    const drawn = figure.querySelector(".inside path[style], .inside rect[style], g.row rect[style]");
    return [figure.dataset.chart, drawn ? { "": colour(drawn) } : {}];
  })));
  step("swatches", () => Object.fromEntries(
    all("i.swatch[data-channel]").map((node) => [node.dataset.channel, getComputedStyle(node).backgroundColor]),
  ));
  step("judged", () => {
    const swatch = document.querySelector(".lead i.swatch");
    return swatch && getComputedStyle(swatch).backgroundColor;
  });
  // Marks of the rug, points, and pieces of the line, of each partial dependence.
  step("dependence", () => Object.fromEntries(figures.filter((figure) => figure.dataset.chart.startsWith("depends-")).map((figure) => [
    figure.querySelector("h3").innerText,
    {
      rug: all("path.rug", figure).length,
      pieces: all("path.line", figure).map((node) => node.getAttribute("d").split("M").length - 1),
    },
  ])));
  // What of a tree lies beyond its card: all of them opened to look, and closed again.
  step("trees", () => all("details:has(.tree)").map((card) => {
    const wasOpen = card.open;
    card.open = true;
    const room = card.getBoundingClientRect();
    const frame = card.querySelector(".tree").getBoundingClientRect();
    const svg = card.querySelector(".tree svg").getBoundingClientRect();
    const boxes = all(".tree svg rect, .tree svg text, .tree svg path", card).map((node) => node.getBoundingClientRect());
    const beyond = (room) => boxes.filter((box) => box.left < room.left - 1 || box.right > room.right + 1 || box.bottom > room.bottom + 1).length;
    const found = {
      boxes: boxes.length, beyondCard: beyond(room), beyondPicture: beyond(svg),
      scrolls: getComputedStyle(card.querySelector(".tree")).overflowX === "auto", wider: svg.width > frame.width + 1,
      letters: Math.min(...all(".tree svg text", card).map((node) => node.getBoundingClientRect().height)),
    };
    card.open = wasOpen;
    return found;
  }));
  step("provenance", () => {
    const details = document.querySelector("#provenance details");
    if (!details) return null;
    const closed = !details.open;
    dispatchEvent(new Event("beforeprint"));
    const printed = details.open && details.innerText.includes("sha256");
    dispatchEvent(new Event("afterprint"));
    return { closed, printed, again: !details.open };
  });
  step("words", () => document.body.innerText);

  step("width", () => ({ page: document.documentElement.scrollWidth, window: innerWidth }));
  step("loaded", () => performance.getEntriesByType("resource").map((entry) => entry.name));
  step("pwned", () => String(window.pwned));
  step("foreign", () => all("img, link[rel=stylesheet], script[src], iframe, object, embed").length);
  step("text", () => document.body.innerText.includes("<script>window.pwned=1</" + "script>"));

  step("hover", () => {
    const plane = figures.find((figure) => figure.querySelector("svg > rect.touch"));
    const surface = plane.querySelector("svg > rect.touch");
    fire(surface, "pointermove", middle(surface));
    const tip = plane.querySelector(".tip");
    const shown = { hidden: tip.hidden, text: tip.innerText };
    fire(surface, "pointerleave", {});
    return { ...shown, gone: tip.hidden };
  });

  step("zoom", () => {
    const plane = figures.find((figure) => figure.querySelector("svg > rect.touch") && figure.querySelector(".reset"));
    const ticks = () => all("text.tick", plane).map((node) => node.textContent).join(" ");
    const before = ticks();
    const surface = plane.querySelector("svg > rect.touch");
    surface.dispatchEvent(new MouseEvent("dblclick", { bubbles: true, ...middle(surface) }));
    const zoomed = ticks();
    const reset = plane.querySelector(".reset");
    const offered = !reset.hidden;
    reset.click();
    return { changed: before !== zoomed, offered, back: ticks() === before };
  });

  step("hide", () => {
    const figure = figures.find((figure) => all("button.series", figure).length > 1);
    const ink = () => all(".inside path[style], .inside rect[style], g.row rect[style]", figure).length;
    const before = ink();
    const button = all("button.series", figure)[1];
    button.click();
    const hidden = ink();
    const pressed = button.getAttribute("aria-pressed");
    button.click();
    return { before, hidden, again: ink(), pressed };
  });

  step("slider", () => {
    const input = document.getElementById("threshold");
    if (!input) return null;
    const live = (name) => document.querySelector(`[data-live="${name}"]`).textContent.replaceAll(",", "");
    const read = () => Object.fromEntries(
      ["threshold", "tn", "fp", "fn", "tp", "tp-share", "accuracy", "precision", "recall", "specificity", "f1"].map((name) => [name, live(name)]),
    );
    const point = () => document.querySelector('[data-chart="roc"] circle.follower')?.getAttribute("cx");
    const move = (value) => {
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      return { ...read(), point: point() };
    };
    const found = { start: { ...read(), point: point() }, low: move(0.1), high: move(0.9) };
    document.getElementById("threshold-reset").click();
    found.back = { ...read(), point: point() };
    return found;
  });

  step("theme", () => {
    const colours = () => ({
      theme: document.documentElement.dataset.theme ?? "",
      page: getComputedStyle(document.body).backgroundColor,
      text: getComputedStyle(document.body).color,
      series: getComputedStyle(document.documentElement).getPropertyValue("--s0").trim(),
    });
    const button = document.getElementById("theme");
    const found = { system: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light", first: colours() };
    button.click();
    found.second = colours();
    button.click();
    found.third = colours();
    return found;
  });

  const note = document.createElement("script");
  note.type = "application/json";
  note.id = "probe";
  note.textContent = JSON.stringify(seen).replaceAll("<", "\\u003c");
  document.body.append(note);
});
