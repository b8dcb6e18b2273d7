/**
 * The plan from its sources on the left to its outputs on the right, with the rows on each edge.
 * @typedef {import('../plan-graph.js').PlanGraph} PlanGraph
 * @typedef {{ layer: number, height: number, x: number, y: number }} Box
 */

const boxWidth = 196;
const boxGap = { x: 78, y: 14 };
const lineHeight = 14;
/** Characters of a title and of a line in a box. */
const charsMax = { title: 25, line: 28 };
/** A plan is made smaller to fit, down to so many pixels and to this share of its width: below that nobody can read it, and it is scrolled. */
const planWidthMin = 820;
const planShareMin = 0.78;

/** @param {PlanGraph} graph */
function planDrawing(graph) {
  const boxes = placedBoxes(graph);
  const width = Math.max(...boxes.map(({ x }) => x)) + boxWidth + 4;
  const height = Math.max(...boxes.map(({ y, height: own }) => y + own)) + 4;
  const svg = drawn('svg', { class: 'plan', viewBox: `-2 -2 ${width} ${height}`, role: 'img', 'aria-label': `The plan: ${graph.length} parts; the text below has the same` });
  svg.style.width = `${width}px`;
  svg.style.minWidth = `${Math.min(width, Math.max(planWidthMin, Math.round(width * planShareMin)))}px`;
  graph.forEach(({ from }, index) => { for (const source of from) svg.append(edgeOf(graph, boxes, source, index)); });
  graph.forEach((node, index) => svg.append(boxOf(node, boxes[index])));
  return scrolled(svg, 'The plan as a graph');
}

/** @param {PlanGraph} graph @returns {Box[]} */
function placedBoxes(graph) {
  /** @type {number[]} */
  const layers = [];
  for (const { from } of graph) layers.push(from.length === 0 ? 0 : Math.max(...from.map((source) => layers[source])) + 1);
  const last = Math.max(...layers);
  const boxes = graph.map(({ lines }, index) => (
    { layer: layers[index], height: 26 + lines.length * lineHeight + (lines.length > 0 ? 6 : 0), x: layers[index] * (boxWidth + boxGap.x), y: 0 }
  ));
  const columns = Array.from({ length: last + 1 }, (_, layer) => boxes.flatMap((box, index) => (box.layer === layer ? [index] : [])));
  const middle = (/** @type {number} */ index) => boxes[index].y + boxes[index].height / 2;
  // From the fullest column to both sides, each box beside those that it is joined to.
  const heights = columns.map((column) => column.reduce((sum, index) => sum + boxes[index].height + boxGap.y, 0));
  const fullest = heights.indexOf(Math.max(...heights));
  stack(columns[fullest], boxes, () => 0);
  for (let layer = fullest + 1; layer <= last; layer += 1) stack(columns[layer], boxes, (index) => average(graph[index].from.map(middle)));
  for (let layer = fullest - 1; layer >= 0; layer -= 1) {
    stack(columns[layer], boxes, (index) => average(graph.flatMap(({ from }, to) => (from.includes(index) && boxes[to].layer > layer ? [middle(to)] : []))));
  }
  const top = Math.min(...boxes.map(({ y }) => y));
  for (const box of boxes) box.y -= top;
  return boxes;
}

/** @param {number[]} values */
const average = (values) => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length);

/** One below the other, as near to where each wants its middle as the others leave. @param {number[]} column @param {Box[]} boxes @param {(index: number) => number} wish */
function stack(column, boxes, wish) {
  const wishes = new Map(column.map((index) => [index, wish(index)]));
  const order = [...column].sort((a, b) => (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0) || a - b);
  let bottom = -Infinity;
  let excess = 0;
  for (const index of order) {
    const box = boxes[index];
    const wanted = (wishes.get(index) ?? 0) - box.height / 2;
    box.y = Math.max(wanted, bottom);
    excess += box.y - wanted;
    bottom = box.y + box.height + boxGap.y;
  }
  // What was pushed down as a whole moves up again by as much.
  for (const index of order) boxes[index].y -= order.length === 0 ? 0 : excess / order.length;
}

/** @param {PlanGraph} graph @param {Box[]} boxes @param {number} from @param {number} to */
function edgeOf(graph, boxes, from, to) {
  const [a, b] = [boxes[from], boxes[to]];
  const [x1, y1, x2, y2] = [a.x + boxWidth, a.y + a.height / 2, b.x, b.y + b.height / 2];
  const bend = boxGap.x * 0.55;
  const { rows } = graph[from];
  const weight = rows === null ? 1 : 1 + Math.min(3, String(rows).length / 2.2);
  const text = rows === null ? '' : countText(rows);
  return drawn('g', {},
    drawn('path', { class: 'edge', d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, 'stroke-width': weight.toFixed(1) }),
    drawn('text', { class: 'rows', x: x2 - 6, y: y2 - 6, 'text-anchor': 'end' }, text, drawn('title', {}, rows === null ? 'rows not known' : `${text} rows`)));
}

/** @param {PlanGraph[number]} node @param {Box} box */
function boxOf({ kind, title, lines, rows }, { x, y, height }) {
  const cut = (/** @type {string} */ text, /** @type {number} */ most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const group = drawn('g', { class: `box ${kind}`, transform: `translate(${x} ${y})` },
    drawn('title', {}, [title, ...lines, ...(rows === null ? [] : [`${countText(rows)} rows`])].join('\n')),
    drawn('rect', { width: boxWidth, height, rx: 6 }), drawn('text', { class: 'name', x: 10, y: 17 }, cut(title, charsMax.title)),
    ...lines.map((line, index) => drawn('text', { class: 'line', x: 10, y: 34 + index * lineHeight }, cut(line, charsMax.line))));
  if (kind !== 'output') return group;
  const link = drawn('a', { href: `#${anchorOf(title)}`, 'aria-label': `${title}, ${rows === null ? 'rows not known' : `${countText(rows)} rows`}` });
  link.append(group);
  return link;
}
