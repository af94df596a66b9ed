using System.Collections.Immutable;

namespace Moiety.Models.Templates.Syntax;

/// <summary>An expression of a template.</summary>
internal abstract record Expression;

/// <summary>A text, a number, true, false or none.</summary>
internal sealed record Literal(object? Value) : Expression;

/// <summary>A variable.</summary>
internal sealed record Variable(string Name) : Expression;

/// <summary><c>[a, b]</c>.</summary>
internal sealed record ListLiteral(ImmutableArray<Expression> Items) : Expression;

/// <summary><c>(a, b)</c>.</summary>
internal sealed record TupleLiteral(ImmutableArray<Expression> Items) : Expression;

/// <summary><c>{k: v}</c>.</summary>
internal sealed record DictionaryLiteral(ImmutableArray<(Expression Key, Expression Value)> Pairs) : Expression;

/// <summary><c>a.name</c>.</summary>
internal sealed record Attribute(Expression Target, string Name) : Expression;

/// <summary><c>a[index]</c>.</summary>
internal sealed record Subscript(Expression Target, Expression Index) : Expression;

/// <summary><c>a[start:stop:step]</c>.</summary>
internal sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

/// <summary><c>f(a, name=b)</c>.</summary>
internal sealed record Call(Expression Target, ArgumentList Arguments) : Expression;

/// <summary><c>a | name(b)</c>; without a target it filters a block.</summary>
internal sealed record Filter(Expression Target, string Name, ArgumentList Arguments) : Expression;

/// <summary><c>a is name(b)</c>.</summary>
internal sealed record Test(Expression Target, string Name, ArgumentList Arguments, bool IsNegated) : Expression;

/// <summary>An operator with one operand: <c>not</c>, <c>-</c>, <c>+</c>.</summary>
internal sealed record Unary(string Operator, Expression Operand) : Expression;

/// <summary>An operator with two operands.</summary>
internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

/// <summary><c>a &lt; b &lt; c</c>: each pair must hold.</summary>
internal sealed record Comparison(Expression First, ImmutableArray<(string Operator, Expression Operand)> Rest) : Expression;

/// <summary><c>a if c else b</c>; without else it is undefined.</summary>
internal sealed record Conditional(Expression Condition, Expression Then, Expression? Otherwise) : Expression;

/// <summary>Arguments of a call, a filter or a test.</summary>
internal sealed record ArgumentList(ImmutableArray<Expression> Positional, ImmutableArray<(string Name, Expression Value)> Named)
{
    /// <summary>None.</summary>
    public static ArgumentList Empty { get; } = new([], []);
}
