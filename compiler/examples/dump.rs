//! scratch
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let wasm = std::fs::read(&a[1]).unwrap();
    let c = wasm2mcu::compile(&wasm, &wasm2mcu::Options::default()).unwrap();
    std::fs::write("/tmp/scratch/x/text.bin", &c.text.bytes).unwrap();
    for e in &c.text.extents {
        println!("{:?} {:#x} {}", e.piece, e.offset, e.bytes);
    }
    println!("{}", c.clif());
    println!("{}", c.machine_ir);
}
