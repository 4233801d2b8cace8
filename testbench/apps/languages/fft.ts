// A radix-2 FFT in single precision over a signal, and the energy of its spectrum.

const SIZE: i32 = 128;
const re = new StaticArray<f32>(SIZE);
const im = new StaticArray<f32>(SIZE);

function swap(values: StaticArray<f32>, i: i32, j: i32): void {
  const value = values[i];
  values[i] = values[j];
  values[j] = value;
}

function transform(): void {
  for (let i: i32 = 1, j: i32 = 0; i < SIZE; i++) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(re, i, j);
      swap(im, i, j);
    }
  }
  for (let length: i32 = 2; length <= SIZE; length <<= 1) {
    const angle = -2.0 * NativeMath.PI / <f64>length;
    const wr = <f32>NativeMath.cos(angle);
    const wi = <f32>NativeMath.sin(angle);
    for (let start: i32 = 0; start < SIZE; start += length) {
      let ur: f32 = 1.0;
      let ui: f32 = 0.0;
      const half = length >> 1;
      for (let k: i32 = start; k < start + half; k++) {
        const vr = re[k + half] * ur - im[k + half] * ui;
        const vi = re[k + half] * ui + im[k + half] * ur;
        re[k + half] = re[k] - vr;
        im[k + half] = im[k] - vi;
        re[k] += vr;
        im[k] += vi;
        const next = ur * wr - ui * wi;
        ui = ur * wi + ui * wr;
        ur = next;
      }
    }
  }
}

export function run(rounds: i32): i64 {
  let sum: u64 = 0;
  for (let round: i32 = 0; round < rounds; round++) {
    for (let i: i32 = 0; i < SIZE; i++) {
      re[i] = <f32>((i * (round + 3)) % 17) - 8.0;
      im[i] = 0.0;
    }
    transform();
    for (let i: i32 = 0; i < SIZE; i++) {
      const energy = re[i] * re[i] + im[i] * im[i];
      sum = (sum ^ <u64>reinterpret<u32>(energy)) * 1099511628211;
    }
  }
  return <i64>sum;
}
