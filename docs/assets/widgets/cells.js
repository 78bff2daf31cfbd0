// The cells and what stands after them, for networks of any size: steps.js says what they compute.

import { EQUATIONS, FUNCTIONS, GATES, activation } from "./steps.js";

/** @typedef {import("./weights.js").Tensor} Tensor */
/** @typedef {import("./weights.js").Weights} Weights */
/** @typedef {number[] | Float32Array} Vector */

/** Element k along the first axis, such as the row of a matrix; it is not copied. @param {Tensor} tensor */
export const row = ({ shape: [rows], data }, k = 0) => {
  if (!(k >= 0 && k < rows)) throw new RangeError(`expected a row from 0 to ${rows - 1}, got ${k}`);
  const size = data.length / rows;
  return data.subarray(k * size, (k + 1) * size);
};

/** Compute w x + b, as torch.nn.functional.linear does: w is (rows, x.length). @param {Vector} x @param {Tensor} w @param {Tensor} [b] */
export function linear(x, w, b) {
  const [rows, columns] = w.shape;
  if (x.length !== columns) throw new RangeError(`x: expected ${columns} elements, got ${x.length}`);
  const sums = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let sum = b ? b.data[r] : 0;
    for (let k = 0, at = r * columns; k < columns; k++, at++) sum += w.data[at] * x[k];
    sums[r] = sum;
  }
  return sums;
}

/** Turn scores into probabilities. @param {Vector} x */
export function softmax(x) {
  const largest = Math.max(...x);
  const powers = Float32Array.from(x, (score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Advance a cell, whose parameters end in `suffix`; return all that it computes, by name. @param {Vector} x @param {Vector} h @param {Vector} c @param {Weights} w */
function step(cell = "", x, h, c, w, suffix = "") {
  const read = linear(x, w[`weight_ih${suffix}`], w[`bias_ih${suffix}`]);
  const kept = linear(h, w[`weight_hh${suffix}`], w[`bias_hh${suffix}`]);
  /** @type {Record<string, Vector>} */
  const vectors = { h, c };
  GATES[cell].forEach((gate, g) => {
    const apply = FUNCTIONS[activation(gate)];
    const reset = gate === "n" ? vectors.r : null;
    vectors[gate] = Float32Array.from(h, (_, j) => {
      const r = g * h.length + j;
      return apply(read[r] + (reset ? reset[j] * kept[r] : kept[r]));
    });
  });
  for (const [name, terms, fn] of EQUATIONS[cell])
    vectors[name] = Float32Array.from(h, (_, j) =>
      FUNCTIONS[fn](terms.reduce((sum, term) => sum + term.reduce((product, factor) => product * vectors[factor][j], 1), 0)));
  return /** @type {Record<string, Float32Array>} */ (vectors);
}

/** Advance an RNN with tanh by one step, h to h'. @param {Vector} x @param {Vector} h @param {Weights} w */
export const rnnStep = (x, h, w, suffix = "_l0") => step("RNN", x, h, [], w, suffix)["h'"];

/** Advance a GRU by one step, h to h'. @param {Vector} x @param {Vector} h @param {Weights} w */
export const gruStep = (x, h, w, suffix = "_l0") => step("GRU", x, h, [], w, suffix)["h'"];

/** Advance an LSTM by one step, [h, c] to [h', c']. @param {Vector} x @param {[Vector, Vector]} state @param {Weights} w @returns {[Float32Array, Float32Array]} */
export function lstmStep(x, [h, c], w, suffix = "_l0") {
  const vectors = step("LSTM", x, h, c, w, suffix);
  return [vectors["h'"], vectors["c'"]];
}
