using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Templates.Syntax;

namespace Moiety.Models.Templates;

/// <summary>Runs the statements of a template.</summary>
internal sealed class TemplateInterpreter
{
    private const int LongestList = 10;
    private readonly TemplateBudget _budget;
    private readonly ExpressionEvaluator _expressions;
    private StringBuilder _output = new();
    private int _loopDepth;

    private TemplateInterpreter(TemplateBudget budget)
    {
        _budget = budget;
        _expressions = new ExpressionEvaluator(budget);
    }

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <summary>Renders a template.</summary>
    /// <exception cref="InvalidTemplateException">It fails, refuses its input or takes too much.</exception>
    public static string Render(ImmutableArray<Statement> statements, TemplateScope scope, TemplateBudget budget)
    {
        TemplateInterpreter interpreter = new(budget);
        interpreter.Run(statements, scope);
        return interpreter._output.ToString();
    }

    private Flow Run(ImmutableArray<Statement> statements, TemplateScope scope)
    {
        _budget.Enter();
        Flow flow = Flow.Next;
        for (int index = 0; index < statements.Length && flow == Flow.Next; index++)
        {
            _budget.Step();
            _budget.Line = statements[index].Line;
            flow = Run(statements[index], scope);
        }

        _budget.Leave();
        return flow;
    }

    private Flow Run(Statement statement, TemplateScope scope)
    {
        switch (statement)
        {
            case TextStatement text:
                Print(text.Text);
                return Flow.Next;
            case OutputStatement output:
                Print(TemplateText.Print(_expressions.Evaluate(output.Value, scope), _budget));
                return Flow.Next;
            case IfStatement choice:
                return RunIf(choice, scope);
            case ForStatement loop:
                RunFor(loop, scope);
                return Flow.Next;
            case SetStatement set:
                Assign(set, scope);
                return Flow.Next;
            case SetBlockStatement set:
                scope.Set(set.Target, _expressions.Apply(set.Filters, Capture(set.Body, new TemplateScope(scope)), scope));
                return Flow.Next;
            case MacroStatement macro:
                scope.Set(macro.Name, Define(macro, scope));
                return Flow.Next;
            case CallStatement call:
                Print(TemplateText.Print(_expressions.EvaluateCall(call.Call, scope, [("caller", Define(call.Caller, scope))]), _budget));
                return Flow.Next;
            case FilterStatement filter:
                Print(TemplateText.Print(_expressions.Apply(filter.Filters, Capture(filter.Body, new TemplateScope(scope)), scope), _budget));
                return Flow.Next;
            case ScopeStatement block:
                return RunScope(block, scope);
            case DoStatement run:
                _expressions.Evaluate(run.Value, scope);
                return Flow.Next;
            case BreakStatement:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private Flow RunIf(IfStatement choice, TemplateScope scope)
    {
        foreach ((Expression? condition, ImmutableArray<Statement> body) in choice.Branches)
        {
            if (condition is null || TemplateValues.IsTrue(_expressions.Evaluate(condition, scope)))
            {
                return Run(body, scope);
            }
        }

        return Flow.Next;
    }

    private void RunFor(ForStatement loop, TemplateScope scope)
    {
        IReadOnlyList<object?> items = TemplateValues.Items(_expressions.Evaluate(loop.Items, scope), _budget);
        if (loop.Condition is { } condition)
        {
            items = [.. items.Where(item =>
            {
                TemplateScope trial = new(scope);
                Unpack(loop.Targets, item, trial);
                return TemplateValues.IsTrue(_expressions.Evaluate(condition, trial));
            })];
        }

        if (items.Count == 0)
        {
            Run(loop.Otherwise, scope);
            return;
        }

        TemplateLoop state = new(items, _loopDepth++);
        for (int index = 0; index < items.Count; index++)
        {
            _budget.Step();
            TemplateScope body = new(scope);
            state.Index = index;
            body.Set("loop", state);
            Unpack(loop.Targets, items[index], body);
            if (Run(loop.Body, body) == Flow.Break)
            {
                break;
            }
        }

        _loopDepth--;
    }

    private Flow RunScope(ScopeStatement block, TemplateScope scope)
    {
        TemplateScope inner = new(scope);
        foreach ((string name, Expression value) in block.Variables)
        {
            inner.Set(name, _expressions.Evaluate(value, scope));
        }

        return Run(block.Body, inner);
    }

    private void Assign(SetStatement set, TemplateScope scope)
    {
        object? value = _expressions.Evaluate(set.Value, scope);
        if (set.Attribute is null)
        {
            Unpack(set.Targets, value, scope);
            return;
        }

        object? target = scope.Get(set.Targets[0]);
        if (target is not TemplateNamespace space)
        {
            throw new InvalidTemplateException(set.Line, $"only attributes of a namespace can be set, \"{set.Targets[0]}\" is {TemplateValues.TypeName(target)}");
        }

        space.Attributes[set.Attribute] = value;
    }

    private void Unpack(ImmutableArray<string> targets, object? value, TemplateScope scope)
    {
        if (targets.Length == 1)
        {
            scope.Set(targets[0], value);
            return;
        }

        IReadOnlyList<object?> items = TemplateValues.Items(value, _budget);
        if (items.Count != targets.Length)
        {
            throw new InvalidTemplateException(_budget.Line, $"{items.Count} values cannot be given to {targets.Length} names");
        }

        for (int index = 0; index < targets.Length; index++)
        {
            scope.Set(targets[index], items[index]);
        }
    }

    private TemplateFunction Define(MacroStatement macro, TemplateScope scope) => new(macro.Name, arguments =>
    {
        int line = _budget.Line;
        TemplateScope inner = new(scope);
        if (arguments.Positional.Length > macro.Parameters.Length)
        {
            throw arguments.Error($"the macro \"{macro.Name}\" takes {macro.Parameters.Length} arguments, not {arguments.Positional.Length}");
        }

        int named = arguments.Named.ContainsKey("caller") ? 1 : 0;
        for (int index = 0; index < macro.Parameters.Length; index++)
        {
            _budget.Step();
            (string name, Expression? otherwise) = macro.Parameters[index];
            inner.Set(name, arguments.Has(index, name) ? arguments.Get(index, name)
                : otherwise is null ? new Undefined(name)
                : _expressions.Evaluate(otherwise, inner));
            named += index >= arguments.Positional.Length && arguments.Named.ContainsKey(name) ? 1 : 0;
        }

        if (named < arguments.Named.Count)
        {
            string given = string.Join(", ", arguments.Named.Keys.Take(LongestList));
            throw arguments.Error($"the macro \"{macro.Name}\" has no such parameters, or was given one twice: {given}");
        }

        if (arguments.Named.TryGetValue("caller", out object? caller))
        {
            inner.Set("caller", caller);
        }

        string text = Capture(macro.Body, inner);
        _budget.Line = line;
        return text;
    });

    private string Capture(ImmutableArray<Statement> body, TemplateScope scope)
    {
        (StringBuilder outer, _output) = (_output, new StringBuilder());
        Run(body, scope);
        (StringBuilder captured, _output) = (_output, outer);
        return captured.ToString();
    }

    private void Print(string text)
    {
        _budget.Allocate(text.Length);
        _output.Append(text);
    }
}
