// An expression for one document.
#pragma once

#include "query/ast.h"
#include "query/document.h"

namespace nave::query {

// Texts of values belong to the expression or the document.
[[nodiscard]] Value evaluate(const Expression& expression, const Document& document);

// Whether the document belongs to the result. Thread-safe for one document at a time.
[[nodiscard]] bool matches(const Statement& statement, const Document& document);

}  // namespace nave::query
