// Weights that a lab has trained, as its run hands them over to its page.

/** A tensor, its elements row by row as in torch. @typedef {{ shape: number[], data: Float32Array }} Tensor */
/** Tensors by torch's names: "weight_ih_l0". @typedef {Record<string, Tensor>} Weights */
/** As in the file: little endian, in base64. @typedef {{ shape: number[], dtype: string, scale?: number, data: string }} Stored */

/** Decode float16: a sign, five bits of exponent, and ten of the fraction. */
export function half(bits = 0) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

/** How many bytes an element takes, and how it is read. @type {Record<string, [number, (view: DataView, at: number, scale: number) => number]>} */
const TYPES = {
  float16: [2, (view, at) => half(view.getUint16(at, true))],
  int8: [1, (view, at, scale) => scale * view.getInt8(at)],
};

/** @param {Stored} stored @returns {Tensor} */
function decoded({ shape, dtype, scale = NaN, data }, name = "") {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const size = shape.reduce((a, b) => a * b, 1);
  if (!(dtype in TYPES)) throw new TypeError(`${name}: expected float16 or int8, got ${dtype}`);
  if (dtype === "int8" && !(scale > 0)) throw new TypeError(`${name}: int8 needs a scale above 0, got ${scale}`);
  const [width, read] = TYPES[dtype];
  if (bytes.length !== size * width) throw new RangeError(`${name}: expected ${size * width} bytes for [${shape}], got ${bytes.length}`);
  const view = new DataView(bytes.buffer);
  return { shape, data: Float32Array.from({ length: size }, (_, k) => read(view, k * width, scale)) };
}

/** Fetch a file of weights; its address is relative to the page. @returns {Promise<Weights>} */
export async function weights(url = "") {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  /** @type {Record<string, Stored>} */
  const file = await response.json();
  return Object.fromEntries(Object.entries(file).map(([name, stored]) => [name, decoded(stored, name)]));
}

/** Choose the tensors of a part of a network, under their own names: "encoder.bias" for "encoder." is "bias". @param {Weights} all @returns {Weights} */
export const under = (all, prefix = "") =>
  Object.fromEntries(Object.entries(all).flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [])));
