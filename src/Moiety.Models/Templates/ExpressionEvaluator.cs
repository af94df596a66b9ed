using Moiety.Models.Templates.Syntax;

namespace Moiety.Models.Templates;

/// <summary>Computes the values of expressions.</summary>
internal sealed class ExpressionEvaluator(TemplateBudget budget)
{
    // What a dictionary without keys takes, in items.
    private const int EmptyDictionary = 8;

    // What looking into one scope takes, in characters looked at.
    private const int ScopeCharacters = 32;

    /// <summary>Computes a value.</summary>
    /// <exception cref="InvalidTemplateException">It has none, or takes too much.</exception>
    public object? Evaluate(Expression expression, TemplateScope scope)
    {
        budget.Step();
        budget.Enter();
        object? value = expression switch
        {
            Literal literal => literal.Value,
            Variable variable => Find(variable.Name, scope),
            ListLiteral list => EvaluateAll(list.Items, scope),
            TupleLiteral tuple => new TemplateTuple([.. EvaluateAll(tuple.Items, scope)]),
            DictionaryLiteral dictionary => EvaluateDictionary(dictionary, scope),
            Syntax.Attribute attribute => TemplateMembers.Attribute(Evaluate(attribute.Target, scope), attribute.Name, budget),
            Subscript subscript => TemplateMembers.Item(Evaluate(subscript.Target, scope), Evaluate(subscript.Index, scope), budget),
            Slice slice => TemplateMembers.Slice(Evaluate(slice.Target, scope), Index(slice.Start, scope), Index(slice.Stop, scope), Index(slice.Step, scope), budget),
            Call call => EvaluateCall(call, scope, []),
            Filter filter => TemplateFilters.Apply(filter.Name, Evaluate(filter.Target, scope), Arguments(filter.Name, filter.Arguments, scope)),
            Test test => TemplateTests.Apply(test.Name, Evaluate(test.Target, scope), Arguments(test.Name, test.Arguments, scope)) != test.IsNegated,
            Unary unary => EvaluateUnary(unary, scope),
            Binary binary => EvaluateBinary(binary, scope),
            Comparison comparison => EvaluateComparison(comparison, scope),
            Conditional conditional => EvaluateConditional(conditional, scope),
            _ => throw new InvalidOperationException($"There is no expression {expression.GetType().Name}."),
        };
        budget.Leave();
        return value;
    }

    /// <summary>Calls a function, with further named arguments.</summary>
    public object? EvaluateCall(Call call, TemplateScope scope, ReadOnlySpan<(string Name, object? Value)> further)
    {
        object? target = Evaluate(call.Target, scope);
        if (target is not TemplateFunction function)
        {
            throw new InvalidTemplateException(budget.Line, $"{TemplateValues.TypeName(target)} cannot be called");
        }

        TemplateArguments arguments = Arguments(function.Name, call.Arguments, scope, further);
        return function.Call(arguments);
    }

    /// <summary>Applies the filters of a block to what it printed.</summary>
    public object? Apply(IEnumerable<Filter> filters, object? value, TemplateScope scope)
    {
        foreach (Filter filter in filters)
        {
            value = TemplateFilters.Apply(filter.Name, value, Arguments(filter.Name, filter.Arguments, scope));
        }

        return value;
    }

    private TemplateArguments Arguments(string function, ArgumentList list, TemplateScope scope, params ReadOnlySpan<(string Name, object? Value)> further)
    {
        object?[] positional = [.. list.Positional.Select(argument => Evaluate(argument, scope))];
        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach ((string name, Expression value) in list.Named)
        {
            named[name] = Evaluate(value, scope);
        }

        foreach ((string name, object? value) in further)
        {
            named[name] = value;
        }

        return new TemplateArguments(function, positional, named, budget);
    }

    private object? Find(string name, TemplateScope scope)
    {
        budget.Scan((long)scope.Depth * ScopeCharacters);
        return scope.Get(name);
    }

    private List<object?> EvaluateAll(IReadOnlyCollection<Expression> items, TemplateScope scope)
    {
        budget.AllocateItems(items.Count);
        return [.. items.Select(item => Evaluate(item, scope))];
    }

    private TemplateDictionary EvaluateDictionary(DictionaryLiteral literal, TemplateScope scope)
    {
        TemplateDictionary dictionary = new();
        budget.AllocateItems(literal.Pairs.Length + EmptyDictionary);
        foreach ((Expression key, Expression value) in literal.Pairs)
        {
            object? name = Evaluate(key, scope);
            if (!TemplateDictionary.CanBeKey(name))
            {
                throw new InvalidTemplateException(budget.Line, $"{TemplateValues.TypeName(name)} cannot be the key of a dictionary");
            }

            budget.Scan((name as string)?.Length ?? 0);
            dictionary.Set(name, Evaluate(value, scope));
        }

        return dictionary;
    }

    private long? Index(Expression? expression, TemplateScope scope) => expression is null ? null : Evaluate(expression, scope) switch
    {
        null => null,
        object value when value is long or bool => TemplateValues.ToInteger(value),
        object value => throw new InvalidTemplateException(budget.Line, $"a slice needs whole numbers, not {TemplateValues.TypeName(value)}"),
    };

    private object? EvaluateUnary(Unary unary, TemplateScope scope)
    {
        object? value = Evaluate(unary.Operand, scope);
        return (unary.Operator, value) switch
        {
            ("not", _) => !TemplateValues.IsTrue(value),
            ("-", double number) => -number,
            ("-", long or bool) => TemplateOperators.Apply("-", 0L, value, budget),
            ("+", double or long or bool) => value,
            _ => throw new InvalidTemplateException(budget.Line, $"{unary.Operator} cannot take {TemplateValues.TypeName(value)}"),
        };
    }

    private object? EvaluateBinary(Binary binary, TemplateScope scope)
    {
        object? left = Evaluate(binary.Left, scope);
        return binary.Operator switch
        {
            "and" => TemplateValues.IsTrue(left) ? Evaluate(binary.Right, scope) : left,
            "or" => TemplateValues.IsTrue(left) ? left : Evaluate(binary.Right, scope),
            _ => TemplateOperators.Apply(binary.Operator, left, Evaluate(binary.Right, scope), budget),
        };
    }

    private bool EvaluateComparison(Comparison comparison, TemplateScope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach ((string symbol, Expression operand) in comparison.Rest)
        {
            object? right = Evaluate(operand, scope);
            bool holds = symbol switch
            {
                "==" => TemplateValues.AreEqual(left, right, budget),
                "!=" => !TemplateValues.AreEqual(left, right, budget),
                "in" => TemplateOperators.Contains(right, left, budget),
                "not in" => !TemplateOperators.Contains(right, left, budget),
                "<" => TemplateValues.Compare(left, right, budget) < 0,
                "<=" => TemplateValues.Compare(left, right, budget) <= 0,
                ">" => TemplateValues.Compare(left, right, budget) > 0,
                _ => TemplateValues.Compare(left, right, budget) >= 0,
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object? EvaluateConditional(Conditional conditional, TemplateScope scope) =>
        TemplateValues.IsTrue(Evaluate(conditional.Condition, scope)) ? Evaluate(conditional.Then, scope)
        : conditional.Otherwise is { } otherwise ? Evaluate(otherwise, scope)
        : new Undefined("a condition without else");
}
