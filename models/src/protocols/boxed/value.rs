//! What is a value whose type only the protocol in the box knows?

use std::any::Any;
use std::fmt::{self, Debug};

/// A value whose type is known to the protocol in the box alone.
pub struct Value(Box<dyn Anything>);

trait Anything: Any + Send + Debug {
    fn copy(&self) -> Value;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Any + Clone + Send + Debug> Anything for T {
    fn copy(&self) -> Value {
        Value::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Why a value is of the type that is asked for.
const ONE_PROTOCOL: &str = "the values of a world are those of the one protocol in its box";

impl Value {
    pub(super) fn new<T: Any + Clone + Send + Debug>(value: T) -> Self {
        Self(Box::new(value))
    }

    pub(super) fn get<T: Any>(&self) -> &T {
        (*self.0).as_any().downcast_ref().expect(ONE_PROTOCOL)
    }

    pub(super) fn get_mut<T: Any>(&mut self) -> &mut T {
        (*self.0).as_any_mut().downcast_mut().expect(ONE_PROTOCOL)
    }

    pub(super) fn take<T: Any>(self) -> T {
        *self.0.into_any().downcast().expect(ONE_PROTOCOL)
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        (*self.0).copy()
    }
}

impl Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A value that can be compared and has a kind: a message, or the name of a timer.
#[derive(Clone)]
pub struct Word {
    pub(super) value: Value,
    pub(super) kind: &'static str,
    is_same: fn(&Value, &Value) -> bool,
}

impl Word {
    pub(super) fn new<T: Any + Clone + PartialEq + Send + Debug>(value: T, kind: &'static str) -> Self {
        Self { value: Value::new(value), kind, is_same: |one, other| one.get::<T>() == other.get::<T>() }
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        (self.is_same)(&self.value, &other.value)
    }
}

impl Debug for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}
