//! What the texts say. That they compile and call, the test bench's hosts show.

use super::{BindingsError, Interface};
use crate::{Options, compile};

fn interface(wat: &str) -> Result<Interface, BindingsError> {
    let compiled = compile(wat.as_bytes(), &Options::default()).expect("a good module");
    Interface::of(&compiled, "my-app")
}

/// Every kind of value, names of all kinds, and what typed calls leave out.
const WAT: &str = r#"(module
  (import "board" "print" (func (param i32 i32)))
  (import "board" "mix" (func (param i64 f32 f64) (result f64)))
  (memory (export "memory") 64 (pagesize 1))
  (global (export "calls") (mut i64) (i64.const 0))
  (global (export "own") funcref (ref.null func))
  (func (export "add") (param i32 i32) (result i32) (local.get 0))
  (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "a\"b?") (param f32))
  (func (export "instantiate"))
  (func (export "type") (result f64) (f64.const 0))
  (func (export "keep") (param externref) (result externref) (local.get 0))
  (func (export "*/ take") (param funcref))
  (func (export "nine") (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;

#[test]
fn c_has_a_function_for_each_export() {
    let header = interface(WAT).unwrap().c_header().unwrap();
    for part in [
        "#define MY_APP_RAM_BYTES ",
        "extern const uint8_t wasm2mcu_image_my_app[], wasm2mcu_image_my_app_end[];",
        "void my_app_import_board_print(w2m_caller *caller, int32_t p0, int32_t p1);",
        "double my_app_import_board_mix(w2m_caller *caller, int64_t p0, float p1, double p2);",
        "W2M_HOST(\"board\", \"mix\", \"F(IfF)\", my_app_import_board_mix)",
        "w2m_result my_app_find(my_app_instance *self)",
        "    return done == W2M_OK ? my_app_find(self) : done;",
        "w2m_result my_app_add(my_app_instance *self, int32_t p0, int32_t p1, int32_t *result)",
        "w2m_find(&self->instance, \"swap\", \"Ii(iI)\", &self->exports[1])",
        "    int64_t r0;\n    int32_t r1;\n} my_app_swap_results;",
        "memcpy(&results->r1, words + 2, sizeof results->r1);",
        "w2m_find(&self->instance, \"a\\042b\\077\", \"v(f)\", ",
        "w2m_result my_app_instantiate_2(my_app_instance *self)",
        "w2m_result my_app_keep(my_app_instance *self, uint32_t p0, uint32_t *result)",
        "w2m_result my_app_global_calls(my_app_instance *self, int64_t *value)",
        "/* Not callable from C, for its types or its name: *\\/ take(funcref) */",
        "my_app_nine(",
    ] {
        assert!(header.contains(part), "{part} is not in {header}");
    }
    assert!(!header.contains("global_own"), "{header}");
}

#[test]
fn rust_has_a_method_for_each_export() {
    let module = interface(WAT).unwrap().rust_module().unwrap();
    for part in [
        "pub mod my_app {",
        "pub board_print: extern \"C\" fn(Caller<'_>, i32, i32),",
        "pub board_mix: extern \"C\" fn(Caller<'_>, i64, f32, f64) -> f64,",
        "HostFunction::new(\"board\", \"mix\", self.board_mix)",
        "pub fn of(instance: Instance<'a, C>) -> Result<Self, Error<'a>> {",
        "pub fn add(&mut self, p0: i32, p1: i32) -> Result<i32, CallError> {",
        "f1: Function<'a, (i32, i64), (i64, i32)>,",
        "pub fn swap(&mut self, p0: i32, p1: i64) -> Result<(i64, i32), CallError> {",
        "pub fn a_b_(&mut self, p0: f32) -> Result<(), CallError> {",
        "pub fn type_2(&mut self) -> Result<f64, CallError> {",
        "Not here, for references or more than 8 values: `keep(externref) -> externref`, ",
    ] {
        assert!(module.contains(part), "{part} is not in {module}");
    }
}

#[test]
fn imports_that_no_typed_call_can_serve_are_named() {
    let message = |wat: &str, text: fn(&Interface) -> Result<String, BindingsError>| {
        let text = interface(wat).and_then(|interface| text(&interface));
        text.unwrap_err().to_string()
    };
    assert_eq!(
        message(
            "(module (import \"env\" \"m\" (memory 1)))",
            Interface::c_header
        ),
        "the import env.m is a memory: typed calls are for modules that import functions alone"
    );
    let several = "(module (import \"env\" \"f\" (func (result i32 i32))))";
    assert_eq!(
        message(several, Interface::c_header),
        "the import env.f has several results, which host functions in C cannot"
    );
    assert_eq!(
        message(several, Interface::rust_module),
        "the import env.f has several results, which host functions in Rust cannot"
    );
    let reference = "(module (import \"env\" \"f\" (func (param externref))))";
    assert!(interface(reference).unwrap().c_header().is_ok());
    assert!(message(reference, Interface::rust_module).contains("passes a reference"));
    let seven = "(module (import \"env\" \"f\" (func (param i32 i32 i32 i32 i32 i32 i32))))";
    assert!(message(seven, Interface::rust_module).contains("more than six parameters"));
}
