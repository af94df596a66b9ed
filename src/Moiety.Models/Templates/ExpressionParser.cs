using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Moiety.Models.Templates.Syntax;

namespace Moiety.Models.Templates;

/// <summary>
/// Reads expressions, loosest operator first: if-else, or, and, not, comparison, + and -, ~, * / // %, **, signs, filters and tests,
/// postfixes.
/// </summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">=", "in"];

    /// <summary>Reads one expression.</summary>
    public Expression Read() => ReadConditional(allowConditional: true);

    /// <summary>Reads one expression, or several with commas as a tuple without brackets.</summary>
    public Expression ReadTupleOrExpression(bool allowConditional = true)
    {
        Expression first = ReadConditional(allowConditional);
        if (!tokens.Current.Is(","))
        {
            return first;
        }

        ImmutableArray<Expression>.Builder items = ImmutableArray.CreateBuilder<Expression>();
        items.Add(first);
        while (tokens.Take(",") && tokens.Current.Kind is not (TemplateTokenKind.BlockEnd or TemplateTokenKind.OutputEnd))
        {
            items.Add(ReadConditional(allowConditional));
        }

        return new TupleLiteral(items.ToImmutable());
    }

    /// <summary>Reads filters of a block, the first without a bar before it, then the end of the tag.</summary>
    public ImmutableArray<Filter> ReadFilters(Action close)
    {
        ImmutableArray<Filter>.Builder filters = ImmutableArray.CreateBuilder<Filter>();
        do
        {
            filters.Add(ReadFilter(new Literal(null)));
        }
        while (tokens.Take("|"));
        close();
        return filters.ToImmutable();
    }

    private Expression ReadConditional(bool allowConditional)
    {
        tokens.Enter();
        Expression value = ReadOr();
        while (allowConditional && tokens.Take("if"))
        {
            Expression condition = ReadOr();
            Expression? otherwise = tokens.Take("else") ? ReadConditional(allowConditional: true) : null;
            value = new Conditional(condition, value, otherwise);
        }

        tokens.Leave();
        return value;
    }

    private Expression ReadOr()
    {
        Expression left = ReadAnd();
        while (tokens.Take("or"))
        {
            left = new Binary("or", left, ReadAnd());
        }

        return left;
    }

    private Expression ReadAnd()
    {
        Expression left = ReadNot();
        while (tokens.Take("and"))
        {
            left = new Binary("and", left, ReadNot());
        }

        return left;
    }

    private Expression ReadNot()
    {
        if (!tokens.Current.Is("not"))
        {
            return ReadComparison();
        }

        tokens.Next();
        tokens.Enter();
        Expression operand = ReadNot();
        tokens.Leave();
        return new Unary("not", operand);
    }

    private Expression ReadComparison()
    {
        Expression first = ReadSum();
        ImmutableArray<(string, Expression)>.Builder rest = ImmutableArray.CreateBuilder<(string, Expression)>();
        while (true)
        {
            if (Comparisons.FirstOrDefault(tokens.Current.Is) is { } comparison)
            {
                tokens.Next();
                rest.Add((comparison, ReadSum()));
            }
            else if (tokens.Current.Is("not") && tokens.Following.Is("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", ReadSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Comparison(first, rest.ToImmutable());
            }
        }
    }

    private Expression ReadSum() => ReadLeft(["+", "-"], ReadConcatenation);

    private Expression ReadConcatenation() => ReadLeft(["~"], ReadProduct);

    private Expression ReadProduct() => ReadLeft(["*", "/", "//", "%"], ReadPower);

    private Expression ReadLeft(string[] operators, Func<Expression> read)
    {
        Expression left = read();
        while (operators.FirstOrDefault(tokens.Current.Is) is { } found && tokens.Current.Kind == TemplateTokenKind.Symbol)
        {
            tokens.Next();
            left = new Binary(found, left, read());
        }

        return left;
    }

    private Expression ReadPower()
    {
        Expression left = ReadUnary(filters: true);
        while (tokens.Take("**"))
        {
            left = new Binary("**", left, ReadUnary(filters: true));
        }

        return left;
    }

    // As Jinja reads it: a sign binds tighter than a power, a filter applies to what the sign made.
    private Expression ReadUnary(bool filters)
    {
        Expression value;
        if (tokens.Current.Kind == TemplateTokenKind.Symbol && (tokens.Current.Is("-") || tokens.Current.Is("+")))
        {
            string sign = tokens.Next().Text;
            tokens.Enter();
            value = new Unary(sign, ReadUnary(filters: false));
            tokens.Leave();
        }
        else
        {
            value = ReadPrimary();
        }

        value = ReadPostfix(value);
        return filters ? ReadFiltersAndTests(value) : value;
    }

    private Expression ReadPrimary()
    {
        TemplateToken token = tokens.Next();
        switch (token.Kind)
        {
            case TemplateTokenKind.String:
                StringBuilder text = new(token.Text);
                while (tokens.Current.Kind == TemplateTokenKind.String)
                {
                    text.Append(tokens.Next().Text);
                }

                return new Literal(text.ToString());
            case TemplateTokenKind.Integer:
                return ReadInteger(token);
            case TemplateTokenKind.Float:
                return new Literal(double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TemplateTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Literal(true),
                    "false" or "False" => new Literal(false),
                    "none" or "None" => new Literal(null),
                    _ => new Variable(token.Text),
                };
            case TemplateTokenKind.Symbol when token.Text == "(":
                return ReadBracket();
            case TemplateTokenKind.Symbol when token.Text == "[":
                return new ListLiteral(ReadItems("]"));
            case TemplateTokenKind.Symbol when token.Text == "{":
                return ReadDictionary();
            default:
                throw new InvalidTemplateException(token.Line, $"found {token.Show} where an expression was expected");
        }
    }

    private static Literal ReadInteger(TemplateToken token) => long.TryParse(token.Text, CultureInfo.InvariantCulture, out long whole)
        ? new Literal(whole)
        : throw new InvalidTemplateException(token.Line, $"the number {token.Text} does not fit 64 bits");

    private Expression ReadBracket()
    {
        if (tokens.Take(")"))
        {
            return new TupleLiteral([]);
        }

        Expression first = Read();
        if (tokens.Take(")"))
        {
            return first;
        }

        tokens.ExpectWord(",");
        return new TupleLiteral([first, .. ReadItems(")")]);
    }

    private ImmutableArray<Expression> ReadItems(string end)
    {
        ImmutableArray<Expression>.Builder items = ImmutableArray.CreateBuilder<Expression>();
        while (!tokens.Take(end))
        {
            items.Add(Read());
            if (!tokens.Current.Is(end))
            {
                tokens.ExpectWord(",");
            }
        }

        return items.ToImmutable();
    }

    private DictionaryLiteral ReadDictionary()
    {
        ImmutableArray<(Expression, Expression)>.Builder pairs = ImmutableArray.CreateBuilder<(Expression, Expression)>();
        while (!tokens.Take("}"))
        {
            Expression key = Read();
            tokens.ExpectWord(":");
            pairs.Add((key, Read()));
            if (!tokens.Current.Is("}"))
            {
                tokens.ExpectWord(",");
            }
        }

        return new DictionaryLiteral(pairs.ToImmutable());
    }

    private Expression ReadPostfix(Expression target)
    {
        while (true)
        {
            if (tokens.Take("."))
            {
                TemplateToken name = tokens.Next();
                target = name.Kind switch
                {
                    TemplateTokenKind.Name => new Syntax.Attribute(target, name.Text),
                    TemplateTokenKind.Integer => new Subscript(target, ReadInteger(name)),
                    _ => throw new InvalidTemplateException(name.Line, $"found {name.Show} where the name of an attribute was expected"),
                };
            }
            else if (tokens.Take("["))
            {
                target = ReadSubscript(target);
            }
            else if (tokens.Take("("))
            {
                target = new Call(target, ReadArguments());
            }
            else
            {
                return target;
            }
        }
    }

    private Expression ReadSubscript(Expression target)
    {
        Expression? start = tokens.Current.Is(":") ? null : Read();
        if (tokens.Take("]"))
        {
            return new Subscript(target, start!);
        }

        tokens.ExpectWord(":");
        Expression? stop = tokens.Current.Is(":") || tokens.Current.Is("]") ? null : Read();
        Expression? step = tokens.Take(":") && !tokens.Current.Is("]") ? Read() : null;
        tokens.ExpectWord("]");
        return new Slice(target, start, stop, step);
    }

    private Expression ReadFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.Take("|"))
            {
                value = ReadFilter(value);
            }
            else if (tokens.Take("is"))
            {
                value = ReadTest(value);
            }
            else if (tokens.Take("("))
            {
                // What a filter gives may be called.
                value = new Call(value, ReadArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Filter ReadFilter(Expression value)
    {
        string name = tokens.Expect(TemplateTokenKind.Name, "the name of a filter").Text;
        return new Filter(value, name, tokens.Take("(") ? ReadArguments() : ArgumentList.Empty);
    }

    private Test ReadTest(Expression value)
    {
        bool negated = tokens.Take("not");
        string name = tokens.Expect(TemplateTokenKind.Name, "the name of a test").Text;
        if (tokens.Take("("))
        {
            return new Test(value, name, ReadArguments(), negated);
        }

        // One argument may stand without brackets: x is divisibleby 3.
        TemplateToken next = tokens.Current;
        bool argument = next.Kind is TemplateTokenKind.String or TemplateTokenKind.Integer or TemplateTokenKind.Float
            || next.Kind == TemplateTokenKind.Name && next.Text is not ("else" or "or" or "and" or "is" or "if" or "not" or "in")
            || next.Is("[") || next.Is("{");
        return new Test(value, name, argument ? new ArgumentList([ReadPostfix(ReadPrimary())], []) : ArgumentList.Empty, negated);
    }

    private ArgumentList ReadArguments()
    {
        ImmutableArray<Expression>.Builder positional = ImmutableArray.CreateBuilder<Expression>();
        ImmutableArray<(string, Expression)>.Builder named = ImmutableArray.CreateBuilder<(string, Expression)>();
        while (!tokens.Take(")"))
        {
            if (tokens.Current.Kind == TemplateTokenKind.Name && tokens.Following.Is("="))
            {
                string name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, Read()));
            }
            else if (named.Count > 0)
            {
                throw tokens.Unexpected("a named argument");
            }
            else
            {
                positional.Add(Read());
            }

            if (!tokens.Current.Is(")"))
            {
                tokens.ExpectWord(",");
            }
        }

        return new ArgumentList(positional.ToImmutable(), named.ToImmutable());
    }
}
