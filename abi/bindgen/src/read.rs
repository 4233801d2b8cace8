//! From WIT to the lowered description. What the lowering has no rule for is refused.

use std::fs;
use std::path::Path;

use wit_parser::{Resolve, Result_, Type, TypeDef, TypeDefKind, TypeId};

use crate::lower::{Abi, Enum, Field, Function, Interface, Param, Record, Returns, Scalar};

/// The files, each behind those that it uses; also the order of the documentation.
const FILES: [&str; 13] = [
    "types", "gpio", "i2c", "spi", "uart", "adc", "pwm", "sensor", "clocks", "events", "keyvalue",
    "logging", "random",
];

pub(crate) fn read(folder: &Path) -> Result<Abi, String> {
    let mut resolve = Resolve::new();
    let mut packages = Vec::new();
    for file in FILES {
        let path = folder.join(file).with_extension("wit");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let package = resolve
            .push_source(&path.display().to_string(), &text)
            .map_err(|error| resolve.render_error(&error))?;
        packages.push(package);
    }
    let reader = Reader { resolve };
    let mut interfaces = Vec::new();
    for package in packages {
        let package = &reader.resolve.packages[package];
        for (name, &id) in &package.interfaces {
            let interface = &reader.resolve.interfaces[id];
            let short = match &*package.name.name {
                "hardware" => "",
                short => short,
            };
            let mut read = Interface {
                module: format!("{}:{}/{name}", package.name.namespace, package.name.name),
                name: short.to_owned(),
                docs: package.docs.contents.clone().unwrap_or_default(),
                enums: Vec::new(),
                records: Vec::new(),
                functions: Vec::new(),
                exported: name == "handler",
            };
            if let Some(docs) = &interface.docs.contents {
                read.docs = docs.clone();
            }
            for &ty in interface.types.values() {
                match &reader.resolve.types[ty].kind {
                    TypeDefKind::Enum(_) => read.enums.push(reader.enumeration(ty)?),
                    TypeDefKind::Record(_) => read.records.push(reader.record(ty)?),
                    // Used from another interface.
                    TypeDefKind::Type(_) => {}
                    other => {
                        return Err(format!("{}: no {} is lowered", read.module, other.as_str()));
                    }
                }
            }
            for function in interface.functions.values() {
                let at = |error: String| format!("{}.{}: {error}", read.module, function.name);
                let params = function.params.iter().map(|param| {
                    let lowered = reader.param(&param.ty).map_err(at)?;
                    Ok((param.name.clone(), lowered))
                });
                let params = params.collect::<Result<_, String>>()?;
                let returns = reader.returns(function.result.as_ref()).map_err(at)?;
                read.functions.push(Function {
                    name: function.name.clone(),
                    docs: function.docs.contents.clone().unwrap_or_default(),
                    params,
                    returns,
                });
            }
            interfaces.push(read);
        }
    }
    Ok(Abi { interfaces })
}

struct Reader {
    resolve: Resolve,
}

impl Reader {
    /// The type itself, where a `use` names it.
    fn definition(&self, mut id: TypeId) -> (TypeId, &TypeDef) {
        while let TypeDefKind::Type(Type::Id(of)) = self.resolve.types[id].kind {
            id = of;
        }
        (id, &self.resolve.types[id])
    }

    fn interface(&self, ty: &TypeDef) -> String {
        let wit_parser::TypeOwner::Interface(interface) = ty.owner else {
            return String::new();
        };
        let package = self.resolve.interfaces[interface].package;
        match package.map(|package| &*self.resolve.packages[package].name.name) {
            None | Some("hardware") => String::new(),
            Some(name) => name.to_owned(),
        }
    }

    fn enumeration(&self, id: TypeId) -> Result<Enum, String> {
        let (_, definition) = self.definition(id);
        let TypeDefKind::Enum(cases) = &definition.kind else {
            return Err(format!("no {} is lowered", definition.kind.as_str()));
        };
        Ok(Enum {
            name: definition.name.clone().unwrap_or_default(),
            interface: self.interface(definition),
            docs: definition.docs.contents.clone().unwrap_or_default(),
            cases: cases
                .cases
                .iter()
                .map(|case| {
                    (
                        case.name.clone(),
                        case.docs.contents.clone().unwrap_or_default(),
                    )
                })
                .collect(),
        })
    }

    fn record(&self, id: TypeId) -> Result<Record, String> {
        let (_, definition) = self.definition(id);
        let TypeDefKind::Record(record) = &definition.kind else {
            return Err(format!("no {} is lowered", definition.kind.as_str()));
        };
        let (mut end, mut alignment) = (0_u32, 1);
        let mut fields = Vec::new();
        for field in &record.fields {
            let scalar = self.scalar(&field.ty)?;
            let offset = end.next_multiple_of(scalar.bytes());
            end = offset + scalar.bytes();
            alignment = alignment.max(scalar.bytes());
            fields.push(Field {
                name: field.name.clone(),
                docs: field.docs.contents.clone().unwrap_or_default(),
                scalar,
                offset,
            });
        }
        Ok(Record {
            name: definition.name.clone().unwrap_or_default(),
            interface: self.interface(definition),
            docs: definition.docs.contents.clone().unwrap_or_default(),
            fields,
            bytes: end.next_multiple_of(alignment),
            alignment,
        })
    }

    fn scalar(&self, ty: &Type) -> Result<Scalar, String> {
        Ok(match ty {
            Type::Bool => Scalar::Bool,
            Type::U8 => Scalar::Unsigned(8),
            Type::U16 => Scalar::Unsigned(16),
            Type::U32 => Scalar::Unsigned(32),
            Type::U64 => Scalar::Unsigned(64),
            Type::S32 => Scalar::Signed(32),
            Type::S64 => Scalar::Signed(64),
            Type::F32 => Scalar::Float(32),
            Type::F64 => Scalar::Float(64),
            Type::Id(id) => Scalar::Enum(self.enumeration(*id)?),
            other => return Err(format!("no {other:?} is lowered")),
        })
    }

    /// What a list holds, if `ty` is one.
    fn element(&self, ty: &Type) -> Option<Type> {
        let Type::Id(id) = ty else { return None };
        match self.definition(*id).1.kind {
            TypeDefKind::List(element) => Some(element),
            _ => None,
        }
    }

    fn is_record(&self, ty: &Type) -> Option<TypeId> {
        let Type::Id(id) = ty else { return None };
        let (id, definition) = self.definition(*id);
        matches!(definition.kind, TypeDefKind::Record(_)).then_some(id)
    }

    fn param(&self, ty: &Type) -> Result<Param, String> {
        if let Some(element) = self.element(ty) {
            return match (element, self.is_record(&element)) {
                (Type::U8, _) => Ok(Param::Bytes),
                (_, Some(record)) => Ok(Param::Records(self.record(record)?)),
                (other, None) => Err(format!("no list of {other:?} is lowered")),
            };
        }
        match ty {
            Type::String => Ok(Param::Text),
            scalar => Ok(Param::Scalar(self.scalar(scalar)?)),
        }
    }

    fn returns(&self, ty: Option<&Type>) -> Result<Returns, String> {
        let Some(ty) = ty else {
            return Ok(Returns::Nothing);
        };
        if let Some(element) = self.element(ty) {
            return match element {
                Type::U8 => Ok(Returns::Fill),
                other => Err(format!("no list of {other:?} is lowered as a result")),
            };
        }
        if let Type::Id(id) = ty
            && let TypeDefKind::Result(Result_ { ok, err }) = self.definition(*id).1.kind
        {
            let error = err.and_then(|err| self.scalar(&err).ok());
            if !matches!(error, Some(Scalar::Enum(of)) if of.name == "error") {
                return Err("the error of a result is wasm2mcu:hardware/types.error".to_owned());
            }
            let Some(ok) = ok else {
                return Ok(Returns::Status);
            };
            if let Some(Type::U8) = self.element(&ok) {
                return Ok(Returns::Buffer);
            }
            if let Some(record) = self.is_record(&ok) {
                return Ok(Returns::OutRecord(self.record(record)?));
            }
            let scalar = self.scalar(&ok)?;
            return Ok(match scalar.is_small() {
                true => Returns::Small(scalar),
                false => Returns::OutScalar(scalar),
            });
        }
        Ok(Returns::Value(self.scalar(ty)?))
    }
}
