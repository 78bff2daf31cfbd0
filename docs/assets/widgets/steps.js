// One step of a recurrent network in float32, as torch computes it, and where each number comes from.

/** `value` is `fn` of a sum of products. @typedef {{ value: number, terms: string[][], fn: string }} Node */
/** By name: "x[1]", "weight_ih[2, 0]", "read[2]"; "h'[2]" is the state after "h[2]". @typedef {Map<string, Node>} Nodes */

/** The rows of the weights, H for each gate, in torch's order. @type {Record<string, string[]>} */
export const GATES = { RNN: ["h'"], LSTM: ["i", "f", "g", "o"], GRU: ["r", "z", "n"] };
/** What becomes of the gates, element by element: a name, a sum of products, and the function of it. @type {Record<string, [string, string[][], string][]>} */
export const EQUATIONS = {
  RNN: [],
  LSTM: [["c'", [["f", "c"], ["i", "g"]], ""], ["tanh", [["c'"]], "tanh"], ["h'", [["o", "tanh"]], ""]],
  GRU: [["(1 − z)", [["z"]], "1 − "], ["h'", [["(1 − z)", "n"], ["z", "h"]], ""]],
};
/** The endings of the parameters of each layer or direction. @type {Record<string, string[]>} */
export const NETWORKS = { single: ["l0"], stacked: ["l0", "l1"], bidirectional: ["l0", "l0_reverse"] };
/** @type {Record<string, (value: number) => number>} */
export const FUNCTIONS = { "": Number, tanh: Math.tanh, σ: (v) => 1 / (1 + Math.exp(-v)), "1 − ": (v) => 1 - v };
/** Name the function of a gate. */
export const activation = (gate = "") => ("h'gn".includes(gate) ? "tanh" : "σ");
const { fround } = Math;

/** List name[0], name[1], … @param {Nodes} nodes @param {string} name */
export const vector = (nodes, name) => [...nodes].filter(([key]) => key.startsWith(`${name}[`)).map(([, node]) => node.value);

/** Evaluate a cell; `row` is the ending of its parameters. @param {any} weights by torch's names */
export function step(cell = "", weights, row = "", x = [0], h = [0], c = [0]) {
  /** @type {Nodes} */
  const nodes = new Map();
  const given = (name = "", value = 0) => nodes.set(name, { value: fround(value), terms: [], fn: "" });
  const computed = (name = "", terms = [[""]], fn = "") => {
    const products = terms.map((term) => term.map((factor) => nodes.get(factor)?.value ?? NaN).reduce((a, b) => fround(a * b)));
    const sum = products.reduce((a, b) => fround(a + b));
    nodes.set(name, { value: fround(FUNCTIONS[fn](sum)), terms, fn });
  };
  const multiplied = (name = "", kind = "", source = "") =>
    weights[`weight_${kind}_${row}`].forEach((weight = [0], r = 0) => {
      const bias = `bias_${kind}[${r}]`;
      const terms = weight.map((_, k) => [`weight_${kind}[${r}, ${k}]`, `${source}[${k}]`]);
      weight.forEach((value, k) => given(terms[k][0], value));
      given(bias, weights[`bias_${kind}_${row}`][r]);
      computed(`${name}[${r}]`, [...terms, [bias]]);
    });

  for (const [name, values] of Object.entries({ x, h, c })) values.forEach((value, k) => given(`${name}[${k}]`, value));
  multiplied("read", "ih", "x");
  multiplied("kept", "hh", "h");
  GATES[cell].forEach((gate, g) =>
    h.forEach((_, j) => {
      const r = g * h.length + j;
      computed(`sum[${r}]`, [[`read[${r}]`], gate === "n" ? [`r[${j}]`, `kept[${r}]`] : [`kept[${r}]`]]);
      computed(`${gate}[${j}]`, [[`sum[${r}]`]], activation(gate));
    }));
  for (const [name, terms, fn] of EQUATIONS[cell])
    h.forEach((_, j) => computed(`${name}[${j}]`, terms.map((term) => term.map((factor) => `${factor}[${j}]`)), fn));
  return nodes;
}

/**
 * Run a network over the word, one layer or direction after the other, as torch does.
 * @param {any} data step-player.json
 */
export function run({ word, letters, cells }, cell = "", network = "") {
  const { weights } = cells[cell];
  const zeros = weights.weight_hh_l0[0].map(() => 0);
  let sequence = [...word].map((letter) => [...letters].map((other) => Number(other === letter)));
  return NETWORKS[network].flatMap((row) => {
    let [h, c] = [zeros, cell === "LSTM" ? zeros : []];
    const order = [...sequence.keys()];
    if (row === "l0_reverse") order.reverse();
    const ticks = order.map((t) => {
      const nodes = step(cell, weights, row, sequence[t], h, c);
      [h, c] = ["h'", "c'"].map((name) => vector(nodes, name));
      return { row, t, nodes };
    });
    if (network === "stacked") sequence = ticks.map(({ nodes }) => vector(nodes, "h'"));
    return ticks;
  });
}

/** Name all numbers that a number is computed from. @param {Nodes} nodes @param {string} name @returns {string[]} */
export const origins = (nodes, name) => nodes.get(name)?.terms.flat().flatMap((part) => [part, ...origins(nodes, part)]) ?? [];
