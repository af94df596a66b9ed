using System.Collections.Immutable;

namespace Moiety.Models.Templates.Syntax;

/// <summary>A statement of a template.</summary>
/// <param name="Line">Where it begins.</param>
internal abstract record Statement(int Line);

/// <summary>Text that is printed as it is.</summary>
internal sealed record TextStatement(int Line, string Text) : Statement(Line);

/// <summary><c>{{ expression }}</c>.</summary>
internal sealed record OutputStatement(int Line, Expression Value) : Statement(Line);

/// <summary><c>{% if %}</c> with its branches; the last may have no condition.</summary>
internal sealed record IfStatement(int Line, ImmutableArray<(Expression? Condition, ImmutableArray<Statement> Body)> Branches) : Statement(Line);

/// <summary><c>{% for targets in items if condition %}</c>.</summary>
internal sealed record ForStatement(
    int Line, ImmutableArray<string> Targets, Expression Items, Expression? Condition, ImmutableArray<Statement> Body, ImmutableArray<Statement> Otherwise) : Statement(Line);

/// <summary><c>{% set targets = value %}</c>; with an attribute, <c>{% set namespace.attribute = value %}</c>.</summary>
internal sealed record SetStatement(int Line, ImmutableArray<string> Targets, string? Attribute, Expression Value) : Statement(Line);

/// <summary><c>{% set name %}…{% endset %}</c>, filtered.</summary>
internal sealed record SetBlockStatement(int Line, string Target, ImmutableArray<Filter> Filters, ImmutableArray<Statement> Body) : Statement(Line);

/// <summary><c>{% macro name(parameters) %}</c>.</summary>
internal sealed record MacroStatement(int Line, string Name, ImmutableArray<(string Name, Expression? Default)> Parameters, ImmutableArray<Statement> Body) : Statement(Line);

/// <summary><c>{% call(parameters) macro(arguments) %}…{% endcall %}</c>: the body becomes the macro's <c>caller</c>.</summary>
internal sealed record CallStatement(int Line, MacroStatement Caller, Call Call) : Statement(Line);

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed record FilterStatement(int Line, ImmutableArray<Filter> Filters, ImmutableArray<Statement> Body) : Statement(Line);

/// <summary>A body that sees its own variables: <c>{% with %}</c>, and <c>{% generation %}</c>, which has none.</summary>
internal sealed record ScopeStatement(int Line, ImmutableArray<(string Name, Expression Value)> Variables, ImmutableArray<Statement> Body) : Statement(Line);

/// <summary><c>{% break %}</c>.</summary>
internal sealed record BreakStatement(int Line) : Statement(Line);

/// <summary><c>{% continue %}</c>.</summary>
internal sealed record ContinueStatement(int Line) : Statement(Line);

/// <summary><c>{% do expression %}</c>: the value is dropped.</summary>
internal sealed record DoStatement(int Line, Expression Value) : Statement(Line);
