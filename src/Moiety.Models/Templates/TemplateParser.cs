using System.Collections.Immutable;
using Moiety.Models.Templates.Syntax;

namespace Moiety.Models.Templates;

/// <summary>Reads the statements of a template; <see cref="ExpressionParser"/> reads what is in them.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(TokenReader tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
    }

    /// <summary>Reads a template.</summary>
    /// <exception cref="InvalidTemplateException">It is malformed, or uses what chat templates have no use for.</exception>
    public static ImmutableArray<Statement> Parse(string source, TemplateLimits limits)
    {
        if (source.Length > limits.SourceLength)
        {
            throw new InvalidTemplateException(1, $"it has {source.Length} characters, more than {limits.SourceLength}");
        }

        TemplateParser parser = new(new TokenReader(TemplateLexer.Tokenize(source), limits.Depth));
        ImmutableArray<Statement> statements = parser.Body();
        TemplateToken rest = parser._tokens.Current;
        return rest.Kind == TemplateTokenKind.End ? statements : throw parser._tokens.Unexpected("a statement");
    }

    /// <summary>Statements up to one of the names, whose tag is left open, or to the end.</summary>
    private ImmutableArray<Statement> Body(params ReadOnlySpan<string> ends)
    {
        ImmutableArray<Statement>.Builder statements = ImmutableArray.CreateBuilder<Statement>();
        _tokens.Enter();
        while (_tokens.Current.Kind != TemplateTokenKind.End)
        {
            TemplateToken token = _tokens.Next();
            switch (token.Kind)
            {
                case TemplateTokenKind.Text:
                    statements.Add(new TextStatement(token.Line, token.Text));
                    break;
                case TemplateTokenKind.OutputBegin:
                    statements.Add(new OutputStatement(token.Line, _expressions.ReadTupleOrExpression()));
                    _tokens.Expect(TemplateTokenKind.OutputEnd, "}}");
                    break;
                default:
                    TemplateToken name = _tokens.Expect(TemplateTokenKind.Name, "the name of a statement");
                    if (ends.Contains(name.Text))
                    {
                        _tokens.Leave();
                        return statements.ToImmutable();
                    }

                    statements.Add(Tag(name));
                    break;
            }
        }

        _tokens.Leave();
        return ends.IsEmpty ? statements.ToImmutable() : throw _tokens.Unexpected($"{{% {ends[^1]} %}}");
    }

    private Statement Tag(TemplateToken name)
    {
        int line = name.Line;
        switch (name.Text)
        {
            case "if":
                return If(line);
            case "for":
                return For(line);
            case "set":
                return Set(line);
            case "macro":
                return Macro(line);
            case "call":
                return Call(line);
            case "filter":
                ImmutableArray<Filter> filters = _expressions.ReadFilters(Close);
                return new FilterStatement(line, filters, Closed("endfilter"));
            case "with":
                return With(line);
            case "generation":
                Close();
                return new ScopeStatement(line, [], Closed("endgeneration"));
            case "break" or "continue" when _loops > 0:
                Close();
                return name.Text == "break" ? new BreakStatement(line) : new ContinueStatement(line);
            case "do":
                Expression value = _expressions.ReadTupleOrExpression();
                Close();
                return new DoStatement(line, value);
            default:
                throw new InvalidTemplateException(line, $"the statement \"{name.Text}\" is not known here");
        }
    }

    private IfStatement If(int line)
    {
        ImmutableArray<(Expression?, ImmutableArray<Statement>)>.Builder branches = ImmutableArray.CreateBuilder<(Expression?, ImmutableArray<Statement>)>();
        Expression? condition = _expressions.ReadTupleOrExpression();
        while (true)
        {
            Close();
            ImmutableArray<Statement> body = condition is null ? Body("endif") : Body("elif", "else", "endif");
            branches.Add((condition, body));
            string end = _tokens.Previous.Text;
            if (end == "endif")
            {
                Close();
                return new IfStatement(line, branches.ToImmutable());
            }

            condition = end == "elif" ? _expressions.ReadTupleOrExpression() : null;
        }
    }

    private ForStatement For(int line)
    {
        ImmutableArray<string> targets = Targets();
        if (targets.Contains("loop"))
        {
            throw new InvalidTemplateException(line, "\"loop\" is what every loop has and cannot name its item");
        }

        _tokens.ExpectWord("in");
        Expression items = _expressions.ReadTupleOrExpression(allowConditional: false);
        Expression? condition = _tokens.Take("if") ? _expressions.Read() : null;
        if (_tokens.Take("recursive"))
        {
            throw new InvalidTemplateException(line, "recursive loops are not supported");
        }

        Close();
        _loops++;
        ImmutableArray<Statement> body = Body("else", "endfor");
        _loops--;
        ImmutableArray<Statement> otherwise = [];
        if (_tokens.Previous.Text == "else")
        {
            Close();
            otherwise = Body("endfor");
        }

        Close();
        return new ForStatement(line, targets, items, condition, body, otherwise);
    }

    private Statement Set(int line)
    {
        ImmutableArray<string> targets = Targets();
        string? attribute = _tokens.Take(".") ? _tokens.Expect(TemplateTokenKind.Name, "the name of an attribute").Text : null;
        if (_tokens.Take("="))
        {
            Expression value = _expressions.ReadTupleOrExpression();
            Close();
            return new SetStatement(line, targets, attribute, value);
        }

        if (targets.Length > 1 || attribute is not null)
        {
            throw _tokens.Unexpected("=");
        }

        ImmutableArray<Filter> filters = _tokens.Take("|") ? _expressions.ReadFilters(Close) : [];
        if (filters.IsEmpty)
        {
            Close();
        }

        return new SetBlockStatement(line, targets[0], filters, Closed("endset"));
    }

    private MacroStatement Macro(int line)
    {
        string name = _tokens.Expect(TemplateTokenKind.Name, "the name of a macro").Text;
        ImmutableArray<(string, Expression?)> parameters = Parameters();
        Close();
        return new MacroStatement(line, name, parameters, Apart("endmacro"));
    }

    private CallStatement Call(int line)
    {
        ImmutableArray<(string, Expression?)> parameters = _tokens.Current.Is("(") ? Parameters() : [];
        if (_expressions.Read() is not Call call)
        {
            throw new InvalidTemplateException(line, "{% call %} needs the call of a macro");
        }

        Close();
        return new CallStatement(line, new MacroStatement(line, "caller", parameters, Apart("endcall")), call);
    }

    private ScopeStatement With(int line)
    {
        ImmutableArray<(string, Expression)>.Builder variables = ImmutableArray.CreateBuilder<(string, Expression)>();
        while (_tokens.Current.Kind != TemplateTokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                _tokens.ExpectWord(",");
            }

            string name = _tokens.Expect(TemplateTokenKind.Name, "the name of a variable").Text;
            _tokens.ExpectWord("=");
            variables.Add((name, _expressions.Read()));
        }

        Close();
        return new ScopeStatement(line, variables.ToImmutable(), Closed("endwith"));
    }

    private ImmutableArray<(string Name, Expression? Default)> Parameters()
    {
        ImmutableArray<(string, Expression?)>.Builder parameters = ImmutableArray.CreateBuilder<(string, Expression?)>();
        _tokens.ExpectWord("(");
        while (!_tokens.Take(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.ExpectWord(",");
                if (_tokens.Take(")"))
                {
                    break;
                }
            }

            string name = _tokens.Expect(TemplateTokenKind.Name, "the name of a parameter").Text;
            parameters.Add((name, _tokens.Take("=") ? _expressions.Read() : null));
        }

        return parameters.ToImmutable();
    }

    private ImmutableArray<string> Targets()
    {
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        bool bracket = _tokens.Take("(");
        do
        {
            TemplateToken name = _tokens.Expect(TemplateTokenKind.Name, "the name of a variable");
            if (name.Text is "true" or "false" or "none" or "True" or "False" or "None")
            {
                throw new InvalidTemplateException(name.Line, $"{name.Text} is no variable");
            }

            names.Add(name.Text);
        }
        while (_tokens.Take(",") && _tokens.Current.Kind == TemplateTokenKind.Name && !_tokens.Current.Is("in"));
        if (bracket)
        {
            _tokens.ExpectWord(")");
        }

        return names.ToImmutable();
    }

    /// <summary>A body whose loops are its own: a break in a macro does not end the loop around its definition.</summary>
    private ImmutableArray<Statement> Apart(string end)
    {
        int outer = _loops;
        _loops = 0;
        ImmutableArray<Statement> body = Closed(end);
        _loops = outer;
        return body;
    }

    private ImmutableArray<Statement> Closed(string end)
    {
        ImmutableArray<Statement> body = Body(end);
        Close();
        return body;
    }

    private void Close() => _tokens.Expect(TemplateTokenKind.BlockEnd, "%}");
}
