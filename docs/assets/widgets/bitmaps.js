// What a drawn line would be in scikit-learn's digits: 8 rows of pixels from 0 to 16.
//
// Their source (Alpaydin and Kaynak, 1998) are bitmaps of 32 × 32 that NIST's programs have made: a
// digit is stretched to 32 × 20, sheared until the left ends of its first and last row are below
// each other, and drawn with about as much ink as any other. A pixel counts a block of 4 × 4.

/** Points to the right and down, in any unit. @typedef {[number, number][]} Stroke */

const HEIGHT = 32;
const WIDTH = 20; // of a digit, before it is sheared
const BLOCK = 4;
const INK = 312; // bits, as the digits have on average
const PENS = [3, 8]; // px: the finest and the broadest
const LINE_PEN = 5; // px: what a digit of average length and ink has
const STRETCH = 2; // at most, of one side more than of the other: a one stays narrow

/** Square of the distance from a point to the line between two others. */
function distance(x = 0, y = 0, { 0: x0, 1: y0 } = [0, 0], { 0: x1, 1: y1 } = [0, 0]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const at = Math.min(Math.max(along, 0), 1);
  return (x - x0 - at * dx) ** 2 + (y - y0 - at * dy) ** 2;
}

/** Set each bit whose centre is under the pen, in rows of `width`. @param {Stroke[]} strokes */
export function bitmap(strokes, width = HEIGHT, pen = LINE_PEN) {
  const bits = new Uint8Array(HEIGHT * width);
  const limit = (pen / 2) ** 2;
  for (const stroke of strokes)
    stroke.forEach((end, k) => {
      const start = stroke[Math.max(k - 1, 0)];
      const [left, right, top, bottom] = [0, 1].flatMap((axis) => [
        Math.max(Math.floor(Math.min(start[axis], end[axis]) - pen / 2), 0),
        Math.min(Math.ceil(Math.max(start[axis], end[axis]) + pen / 2), axis ? HEIGHT : width)]);
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++)
          if (distance(x + 0.5, y + 0.5, start, end) <= limit) bits[y * width + x] = 1;
    });
  return bits;
}

/** Count the bits of each block: 8 rows of pixels. */
export function blocks(bits = new Uint8Array(0), width = HEIGHT) {
  const pixels = Array.from({ length: HEIGHT / BLOCK }, () => Array(width / BLOCK).fill(0));
  bits.forEach((bit, k) => (pixels[Math.floor(k / width / BLOCK)][Math.floor((k % width) / BLOCK)] += bit));
  return pixels;
}

/** The least and the greatest of a coordinate. @param {Stroke[]} strokes */
function extent(strokes, axis = 0) {
  const values = strokes.flat().map((point) => point[axis]);
  return [Math.min(...values), Math.max(...values)];
}

/** Move each point. @param {Stroke[]} strokes @param {(x: number, y: number) => [number, number]} move @returns {Stroke[]} */
const moved = (strokes, move) => strokes.map((stroke) => stroke.map(([x, y]) => move(x, y)));

/** Put the middle of what is drawn into the middle of the bitmap. @param {Stroke[]} strokes */
function centred(strokes, width = HEIGHT) {
  const [[left, right], [top, bottom]] = [extent(strokes, 0), extent(strokes, 1)];
  return moved(strokes, (x, y) => [x + (width - left - right) / 2, y + (HEIGHT - top - bottom) / 2]);
}

/** Stretch to the height and width of a digit, as far as a pen leaves room. @param {Stroke[]} strokes */
function stretched(strokes, pen = LINE_PEN) {
  const [across, down] = [[WIDTH, 0], [HEIGHT, 1]].map(([size, axis]) => {
    const [least, greatest] = extent(strokes, axis);
    return (size - pen) / (greatest - least);
  });
  const [a, b] = [Math.min(across, STRETCH * down), Math.min(down, STRETCH * across)];
  return centred(moved(strokes, (x, y) => [a * x, b * y]));
}

/** Shear until the left ends of the first and of the last row are below each other. @param {Stroke[]} strokes */
function upright(strokes, pen = LINE_PEN) {
  const bits = bitmap(strokes, HEIGHT, pen);
  const rows = Array.from({ length: HEIGHT }, (_, y) => bits.indexOf(1, y * HEIGHT) - y * HEIGHT).filter((left) => 0 <= left && left < HEIGHT);
  const slope = (rows[rows.length - 1] - rows[0]) / (rows.length - 1);
  return centred(moved(strokes, (x, y) => [x - slope * y, y]));
}

/** Reject what is no line: nothing, or hardly more than a point. @param {Stroke[]} strokes in units of which 32 are the height of the pad */
export const missing = (strokes) => {
  const sizes = strokes.length ? [0, 1].map((axis) => extent(strokes, axis)).map(([least, greatest]) => greatest - least) : [0];
  return Math.max(...sizes) < HEIGHT / 8;
};

/** A drawn digit as 8 × 8 pixels; the pen is chosen for the usual amount of ink. @param {Stroke[]} strokes that are not `missing` */
export function digit(strokes) {
  let [fine, broad] = PENS;
  let bits = new Uint8Array();
  while (broad - fine > 0.2) {
    const pen = (fine + broad) / 2;
    bits = bitmap(upright(stretched(strokes, pen), pen), HEIGHT, pen);
    if (bits.reduce((a, b) => a + b, 0) < INK) fine = pen;
    else broad = pen;
  }
  return blocks(bits);
}

/** A drawn line of digits as 8 × `columns` pixels: as high as they are, but neither stretched nor sheared, because nobody has told them apart. @param {Stroke[]} strokes that are not `missing` */
export function line(strokes, columns = 8) {
  const width = columns * BLOCK;
  const [[left, right], [top, bottom]] = [extent(strokes, 0), extent(strokes, 1)];
  const scale = Math.min((HEIGHT - LINE_PEN) / (bottom - top), (width - LINE_PEN) / (right - left));
  return blocks(bitmap(centred(moved(strokes, (x, y) => [scale * x, scale * y]), width), width), width);
}
