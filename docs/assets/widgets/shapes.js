// The arithmetic of the shape explorer: what torch.nn answers to a configuration. No DOM.

/** @typedef {[axis: import("./base.js").Axis, symbol: string, size: number][]} Shape */

/** @type {Record<string, number>} */
const GATES = { RNN: 1, LSTM: 4, GRU: 3 };
export const CELLS = Object.keys(GATES);
/** The largest value of each number: every count stays an exact integer. */
export const LIMITS = { N: 9999, T: 9999, E: 9999, H: 9999, num_layers: 64, proj_size: 9999 };
const FLAGS = { bidirectional: false, batch_first: false, bias: true, unbatched: false };
export const NUMBERS = /** @type {(keyof LIMITS)[]} */ (Object.keys(LIMITS));
export const SWITCHES = /** @type {(keyof FLAGS)[]} */ (Object.keys(FLAGS));
/** The sizes of the cheat sheet, and torch's own defaults. */
export const DEFAULTS = { cell: "LSTM", N: 4, T: 16, E: 5, H: 6, num_layers: 1, proj_size: 0, ...FLAGS };

/** Whether a text is a whole number within its limits. @param {keyof LIMITS} name @param {string?} text */
export const valid = (name, text) => (/^\d{1,4}$/).test(text ?? "") && Number(text) <= LIMITS[name];

/**
 * Read a configuration from an address or from attributes; a value that is not valid is as in `start`.
 * @param {(name: string) => string?} get
 */
export function read(get, start = DEFAULTS) {
  const found = { ...start };
  const cell = get("cell") ?? "";
  if (CELLS.includes(cell)) found.cell = cell;
  for (const name of NUMBERS) if (valid(name, get(name))) found[name] = Number(get(name));
  for (const name of SWITCHES) found[name] = !/^(0|false)$/i.test(get(name) ?? `${start[name]}`);
  return found;
}

/** The options that are not torch's defaults, as Python writes them. */
const options = (all = DEFAULTS) =>
  /** @type {(keyof typeof DEFAULTS)[]} */ (["num_layers", "proj_size", ...SWITCHES])
    .filter((name) => all[name] !== DEFAULTS[name])
    .map((name) => [name, `${all[name]}`.replace("t", "T").replace("f", "F")]);

/** Write what `read` reads. */
export const write = (all = DEFAULTS) => {
  const { cell, N, T, E, H } = all;
  return [...Object.entries({ cell, N, T, E, H }), ...options(all)];
};

/** What torch raises, checked in its order, after its kind; empty where it accepts. */
export function complaint({ cell, T, E, H, num_layers, proj_size } = DEFAULTS) {
  if (proj_size && cell !== "LSTM")
    return ["cell", "ValueError: proj_size argument is only supported for LSTM, not RNN or GRU"];
  for (const [name, value] of Object.entries({ input_size: E, hidden_size: H, num_layers }))
    if (!value) return ["zero", `ValueError: ${name} must be greater than zero`];
  if (proj_size >= H) return ["smaller", "ValueError: proj_size has to be smaller than hidden_size"];
  return T ? ["", ""] : ["length", "RuntimeError: Expected sequence length to be larger than 0 in RNN"];
}

/** How many elements a shape holds. */
export const size = (shape = [0]) => shape.reduce((a, b) => a * b);
/** As Python writes a tuple. @param {(string | number)[]} items */
export const tuple = (items) => `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
/** @param {Shape} shape */
export const sizes = (shape) => tuple(shape.map((axis) => axis[2]));
/** @param {Shape} shape */
const symbols = (shape) => tuple(shape.map((axis) => axis[1]));

/**
 * Every tensor, every parameter in torch's order, how many multiply-adds a step of one sequence
 * takes (each weight multiplies one number, a bias none), and two ways to take out the last step of
 * the top layer. Its reverse direction ends at the first step.
 */
export function answer(all = DEFAULTS) {
  const { cell, N, T, E, H, num_layers, proj_size, unbatched } = all;
  const D = all.bidirectional ? 2 : 1;
  const P = proj_size || H; // the features that leave a direction
  const letter = proj_size ? "P" : "H";
  /** @type {Shape} */ const batch = unbatched ? [] : [["n", "N", N]];
  /** @type {Shape} */ const time = [["t", "T", T]];
  /** @type {Shape} */ const states = [["ld", "L·D", num_layers * D], ...batch];
  const steps = all.batch_first ? [...batch, ...time] : [...time, ...batch];
  /** @type {Record<string, Shape>} */
  const tensors = {
    input: [...steps, ["e", "E", E]],
    output: [...steps, ["h", D > 1 ? `2·${letter}` : letter, P * D]],
    h_n: [...states, ["h", letter, P]],
  };
  if (cell === "LSTM") tensors.c_n = [...states, ["h", "H", H]];

  /** @type {[name: string, shape: number[]][]} */
  const parameters = [];
  const rows = GATES[cell] * H;
  for (let layer = 0; layer < num_layers; layer++) {
    for (const end of [`l${layer}`, `l${layer}_reverse`].slice(0, D)) {
      parameters.push([`weight_ih_${end}`, [rows, layer ? P * D : E]], [`weight_hh_${end}`, [rows, P]]);
      if (all.bias) parameters.push([`bias_ih_${end}`, [rows]], [`bias_hh_${end}`, [rows]]);
      if (proj_size) parameters.push([`weight_hr_${end}`, [P, H]]);
    }
  }
  const total = (start = "") =>
    parameters.reduce((sum, [name, shape]) => sum + (name.startsWith(start) ? size(shape) : 0), 0);

  const first = all.batch_first && !unbatched;
  const at = (step = "") => (first ? `:, ${step}` : step);
  const batched = first || unbatched ? "" : ", :";
  const ends = `output[${at("-1")}${batched}, :${P}], output[${at("0")}${batched}, ${P}:]`;
  return {
    tensors,
    parameters,
    count: total(),
    products: total("weight"),
    last: D > 1 ? "torch.cat((h_n[-2], h_n[-1]), dim=-1)" : "h_n[-1]",
    same: D > 1 ? `torch.cat((${ends}), dim=-1)` : `output[${at("-1")}]`,
  };
}

/** A program that builds this network, runs it, and checks what `answer` says. */
export function program(all = DEFAULTS, comment = "") {
  const { tensors, last, same } = answer(all);
  const { input, ...returned } = tensors;
  const name = all.cell.toLowerCase();
  const given = [["input_size", all.E], ["hidden_size", all.H], ...options({ ...all, unbatched: false })];
  return `import torch
from torch import nn

${name} = nn.${all.cell}(
${given.map(([key, value]) => `    ${key}=${value},\n`).join("")})
x = torch.randn${sizes(input)}  # ${symbols(input)}
output, ${returned.c_n ? "(h_n, c_n)" : "h_n"} = ${name}(x)
${Object.entries(returned).map(([key, shape]) => `assert ${key}.shape == ${sizes(shape)}  # ${symbols(shape)}\n`).join("")}
# ${comment}
last = ${last}
same = ${same}
assert torch.equal(last, same)
`;
}
