//! The flat lowering: a WIT function as a function of core WebAssembly.
//!
//! | WIT | core WebAssembly |
//! |---|---|
//! | parameter of an integer type of up to 32 bits, `bool`, an enum | i32 |
//! | parameter `u64`, `s64`, `f32`, `f64` | i64, f32, f64 |
//! | parameter `list<u8>`, `string`, list of records | address i32, length i32 (bytes or records) |
//! | no result | no result |
//! | result of a number type | the number |
//! | result `list<u8>` | parameters behind the others: address i32, length i32 of the caller's buffer; it is filled |
//! | `result<_, error>` | i32: 0, or minus the error's code |
//! | `result<T, error>`, T of up to 16 bits | i32: the value, or minus the error's code |
//! | `result<list<u8>, error>` | a buffer as above; i32: bytes that were written to it, or minus the error's code |
//! | `result<T, error>`, other T | address i32 of a T behind the other parameters; i32: 0, or minus the error's code |

/// The whole description.
#[derive(Debug)]
pub struct Abi {
    /// In the order in which they are documented.
    pub interfaces: Vec<Interface>,
}

/// The functions that a module imports from one import module.
#[derive(Debug)]
pub struct Interface {
    /// Name of the import module: `wasi:i2c/i2c`.
    pub module: String,
    /// Short name for other languages: `i2c`; empty for the types that all share.
    pub name: String,
    /// What it is for.
    pub docs: String,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Records.
    pub records: Vec<Record>,
    /// Functions that modules import.
    pub functions: Vec<Function>,
    /// Whether modules export these functions instead.
    pub exported: bool,
}

/// A type with named numbers, from 0 on.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its name.
    pub name: String,
    /// [`Interface::name`] of the interface that has it.
    pub interface: String,
    /// What it says.
    pub docs: String,
    /// Names and what they say.
    pub cases: Vec<(String, String)>,
}

/// A type with fields, in memory as a C struct.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// [`Interface::name`] of the interface that has it.
    pub interface: String,
    /// What it is.
    pub docs: String,
    /// The fields with their offsets.
    pub fields: Vec<Field>,
    /// Bytes of a value.
    pub bytes: u32,
    /// Alignment of a value.
    pub alignment: u32,
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it is.
    pub docs: String,
    /// Its type.
    pub scalar: Scalar,
    /// Where it stands in a value.
    pub offset: u32,
}

/// A type that fits one core value.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// True or false, one byte in memory.
    Bool,
    /// Unsigned, of 8, 16, 32 or 64 bits.
    Unsigned(u32),
    /// Signed, of 32 or 64 bits.
    Signed(u32),
    /// Float, of 32 or 64 bits.
    Float(u32),
    /// One of an enum, 32 bits in memory.
    Enum(Enum),
}

/// A type of core WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// i32
    I32,
    /// i64
    I64,
    /// f32
    F32,
    /// f64
    F64,
}

/// A function of an interface.
#[derive(Debug)]
pub struct Function {
    /// Its name, which is the import's.
    pub name: String,
    /// What it does.
    pub docs: String,
    /// Its parameters.
    pub params: Vec<(String, Param)>,
    /// How its result comes back.
    pub returns: Returns,
}

/// A parameter.
#[derive(Clone, Debug)]
pub enum Param {
    /// A core value.
    Scalar(Scalar),
    /// Bytes that the host reads.
    Bytes,
    /// UTF-8 that the host reads.
    Text,
    /// Records that the host reads.
    Records(Record),
}

/// How a result comes back.
#[derive(Clone, Debug)]
pub enum Returns {
    /// There is none.
    Nothing,
    /// A core value.
    Value(Scalar),
    /// The caller's buffer is filled.
    Fill,
    /// 0, or minus an error's code.
    Status,
    /// A value of up to 16 bits, or minus an error's code.
    Small(Scalar),
    /// How many bytes of the caller's buffer were written, or minus an error's code.
    Buffer,
    /// A scalar at an address that the caller gives; 0, or minus an error's code.
    OutScalar(Scalar),
    /// A record at an address that the caller gives; 0, or minus an error's code.
    OutRecord(Record),
}

impl Scalar {
    /// Its core type.
    pub fn core(&self) -> Core {
        match self {
            Scalar::Unsigned(64) | Scalar::Signed(64) => Core::I64,
            Scalar::Float(32) => Core::F32,
            Scalar::Float(_) => Core::F64,
            _ => Core::I32,
        }
    }

    /// Bytes in memory, which are also its alignment.
    pub fn bytes(&self) -> u32 {
        match self {
            Scalar::Bool => 1,
            Scalar::Unsigned(bits) | Scalar::Signed(bits) | Scalar::Float(bits) => bits / 8,
            Scalar::Enum(_) => 4,
        }
    }

    /// Whether it comes back in a result together with errors.
    pub fn is_small(&self) -> bool {
        matches!(
            self,
            Scalar::Bool | Scalar::Unsigned(8 | 16) | Scalar::Enum(_)
        )
    }
}

impl Function {
    /// The core parameters, each with a name.
    pub fn core_params(&self) -> Vec<(String, Core)> {
        let mut flat = Vec::new();
        for (name, param) in &self.params {
            match param {
                Param::Scalar(scalar) => flat.push((name.clone(), scalar.core())),
                Param::Bytes | Param::Text | Param::Records(_) => {
                    flat.push((name.clone(), Core::I32));
                    flat.push((format!("{name}-length"), Core::I32));
                }
            }
        }
        match self.returns {
            Returns::Fill | Returns::Buffer => {
                flat.push(("buffer".to_owned(), Core::I32));
                flat.push(("buffer-length".to_owned(), Core::I32));
            }
            Returns::OutScalar(_) | Returns::OutRecord(_) => {
                flat.push(("result".to_owned(), Core::I32));
            }
            _ => {}
        }
        flat
    }

    /// Whether the core result is an i32 that may be minus an error's code.
    pub fn fails(&self) -> bool {
        !matches!(
            self.returns,
            Returns::Nothing | Returns::Value(_) | Returns::Fill
        )
    }

    /// The core result.
    pub fn core_result(&self) -> Option<Core> {
        match &self.returns {
            Returns::Nothing | Returns::Fill => None,
            Returns::Value(scalar) => Some(scalar.core()),
            _ => Some(Core::I32),
        }
    }
}

impl Core {
    /// As the text format of WebAssembly spells it.
    pub fn name(self) -> &'static str {
        match self {
            Core::I32 => "i32",
            Core::I64 => "i64",
            Core::F32 => "f32",
            Core::F64 => "f64",
        }
    }
}
