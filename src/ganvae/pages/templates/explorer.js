"use strict";
/* Moves one point over the planes of the explorer and shows every model's image there: tiles of the
   sprites that are on the page. Computes nothing of the models. */
(() => {
  const section = document.getElementById("explorer");
  if (!section) return;
  const data = JSON.parse(document.getElementById("explored").textContent);
  const pad = document.getElementById("pad");
  const mark = document.getElementById("mark");
  const place = document.getElementById("place");
  const cards = [...section.querySelectorAll(".views > li")];
  const sprites = [...section.querySelectorAll(".sprite")];
  const TILE = 28;
  const last = data.steps - 1;
  const point = { column: Math.round(last / 5), row: Math.round(last / 5) };

  const chosen = (name) => section.querySelector(`input[name="${name}"]:checked`).value;
  const find = (plane, model) =>
    sprites.find((image) => image.dataset.plane === plane && image.dataset.model === model);
  const viewOf = (plane, model) => data.planes[plane].views[model];
  const at = () => point.row * data.steps + point.column;
  const clamp = (value) => Math.min(last, Math.max(0, value));

  function drawImage(card, sprite) {
    const canvas = card.querySelector(".image");
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, TILE, TILE);
    if (sprite && sprite.complete) {
      context.drawImage(sprite, point.column * TILE, point.row * TILE, TILE, TILE, 0, 0, TILE, TILE);
    }
  }

  function describe(card, view) {
    const model = card.dataset.model;
    const seen = card.querySelector(".seen");
    let said = "no finite image";
    if (view && view.classes.length) {
      const percent = Math.round(100 * view.probabilities[at()]);
      const name = data.classes[view.classes[at()]].name;
      said = `${name}, ${percent} %`;
      seen.replaceChildren(Object.assign(document.createElement("b"), { textContent: said }),
        `${view.entropies[at()].toFixed(2)} nats`);
    } else {
      said = view ? "" : said;
      seen.replaceChildren(said);
    }
    card.querySelector(".image").setAttribute("aria-label", `${model} at the point: ${said}`);
  }

  function drawMap(card, view) {
    const canvas = card.querySelector(".map");
    if (!canvas) return;
    const context = canvas.getContext("2d");
    context.globalAlpha = 1;
    context.fillStyle = "white";
    context.fillRect(0, 0, data.steps, data.steps);
    if (!view) return;
    view.classes.forEach((number, index) => {
      context.globalAlpha = view.probabilities[index] ** 2;
      context.fillStyle = data.classes[number].colour;
      context.fillRect(index % data.steps, Math.floor(index / data.steps), 1, 1);
    });
    context.globalAlpha = 1;
    context.fillStyle = "black";
    context.fillRect(point.column, point.row, 1, 1);
  }

  function coordinate(step) {
    const value = data.planes[chosen("plane")].reach * (2 * step / last - 1);
    return value.toFixed(2).replace("-", "\u2212");
  }

  function show() {
    const plane = chosen("plane");
    for (const card of cards) {
      const view = viewOf(plane, card.dataset.model);
      drawImage(card, find(plane, card.dataset.model));
      describe(card, view);
      drawMap(card, view);
    }
    mark.style.left = `${100 * point.column / data.steps}%`;
    mark.style.top = `${100 * point.row / data.steps}%`;
    mark.style.width = mark.style.height = `${100 / data.steps}%`;
    place.textContent = `x ${coordinate(point.column)}, y ${coordinate(last - point.row)}`;
  }

  function choose() {
    const shown = find(chosen("plane"), chosen("model"));
    for (const sprite of sprites) sprite.hidden = sprite !== shown;
    for (const own of section.querySelectorAll(".said, .ring")) {
      own.hidden = own.dataset.plane !== chosen("plane");
    }
    show();
  }

  function follow(event) {
    const box = event.currentTarget.getBoundingClientRect();
    point.column = clamp(Math.floor(data.steps * (event.clientX - box.left) / box.width));
    point.row = clamp(Math.floor(data.steps * (event.clientY - box.top) / box.height));
    show();
  }

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    point.column = clamp(point.column + MOVES[event.key][0]);
    point.row = clamp(point.row + MOVES[event.key][1]);
    show();
  });
  for (const place of [pad, ...section.querySelectorAll(".map")]) {
    place.addEventListener("pointermove", follow);
    place.addEventListener("pointerdown", follow);
  }
  section.querySelector("form").addEventListener("change", choose);
  for (const sprite of sprites) sprite.addEventListener("load", show);
  choose();
})();
