using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Moiety.Models.Templates;

namespace Moiety.Models.Tests.Templates;

/// <summary>Templates come from strangers: whatever one says, it ends soon, in bounded memory, and never sees .NET.</summary>
public class TemplateSandboxTests
{
    // A bomb would take minutes; a slow machine that runs other tests meanwhile must not fail.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Time that this thread computed, in nanoseconds, first of three numbers; only Linux has it.
    private const string ThreadTimes = "/proc/thread-self/schedstat";

    // In all, not at a time: what is made and dropped again counts too.
    private const long MaxAllocatedBytes = 2L << 30;

    public static TheoryData<string, string> Bombs => new()
    {
        { "loops in loops", Repeat("{% for a in range(100000) %}", 6) + "x" + Repeat("{% endfor %}", 6) },
        { "a long loop", "{% for a in range(1000000) %}{% for b in range(1000000) %}{% endfor %}{% endfor %}" },
        { "an endless text", "{{ 'x' * 10**9 }}" },
        { "a text of the largest length", "{{ 'x' * 9223372036854775807 }}" },
        { "an overflow on the way", "{% set a = 'x' * 1000 %}{{ 'x' * 9223372036854775807 }}" },
        { "an endless list", "{{ [1] * 10**9 }}" },
        { "a list of the largest length", "{{ ([1, 2] * 4611686018427387904)|length }}" },
        { "doubling of a text", "{% set s = namespace(s='x') %}{% for i in range(100) %}{% set s.s = s.s ~ s.s %}{% endfor %}" },
        { "doubling of a list", "{% set s = namespace(s=[1]) %}{% for i in range(100) %}{% set s.s = s.s + s.s %}{% endfor %}" },
        { "a list of itself", "{% set s = namespace(s=[1]) %}{% for i in range(60) %}{% set s.s = [s.s, s.s] %}{% endfor %}{{ s.s }}" },
        { "JSON of a list of itself", "{% set s = namespace(s=[1]) %}{% for i in range(60) %}{% set s.s = [s.s, s.s] %}{% endfor %}{{ s.s|tojson }}" },
        { "equality of lists of themselves", "{% set s = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set s.s = [s.s, s.s] %}{% set s.t = [s.t, s.t] %}{% endfor %}{{ s.s == s.t }}" },
        { "order of lists of themselves", "{% set s = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set s.s = [s.s, s.s] %}{% set s.t = [s.t, s.t] %}{% endfor %}{{ s.s < s.t }}" },
        { "a deep list", "{% set s = namespace(s=[1]) %}{% for i in range(100000) %}{% set s.s = [s.s] %}{% endfor %}{{ s.s }}" },
        { "JSON of a deep list", "{% set s = namespace(s=[1]) %}{% for i in range(100000) %}{% set s.s = [s.s] %}{% endfor %}{{ s.s|tojson }}" },
        { "equality of deep lists", "{% set s = namespace(s=[1], t=[1]) %}{% for i in range(100000) %}{% set s.s = [s.s] %}{% set s.t = [s.t] %}{% endfor %}{{ s.s == s.t }}" },
        { "a deep dictionary", "{% set s = namespace(s={}) %}{% for i in range(100000) %}{% set s.s = {'a': s.s} %}{% endfor %}{{ s.s|tojson(indent=2) }}" },
        { "a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}" },
        { "macros that call each other", "{% macro f() %}{{ g() }}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}" },
        { "a tree of calls", "{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{{ f(n - 1) }}{{ f(n - 1) }}{{ f(n - 1) }}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(15) }}" },
        { "a caller that calls its macro", "{% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}{% endcall %}{% endmacro %}{{ g() }}" },
        { "a macro as its own default", "{% macro f(a=f()) %}{% endmacro %}{{ f() }}" },
        { "a long range", "{{ range(10**18)|length }}" },
        { "the longest range", "{{ range(-9223372036854775807, 9223372036854775807) }}" },
        { "empty loops", "{% set r = range(3000000) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}" },
        { "joins of nothing", "{% set r = [''] * 3000000 %}{% for i in range(1000000) %}{% set x = r|join %}{% endfor %}" },
        { "the method join of nothing", "{% set r = [''] * 3000000 %}{% for i in range(1000000) %}{% set x = ''.join(r) %}{% endfor %}" },
        { "sums again and again", "{% set r = range(3000000) %}{% for i in range(1000000) %}{% set x = r|sum %}{% endfor %}" },
        { "macros with many parameters", "{% macro f(" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"a{i}")) + ") %}{% endmacro %}{% for i in range(1000000) %}{{ f() }}{% endfor %}" },
        { "many named arguments", "{% macro f(" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"a{i}")) + ") %}{% endmacro %}{% for i in range(1000) %}{{ f(" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"a{i}=1")) + ") }}{% endfor %}" },
        { "keys with the same hash", "{% set d = {" + string.Join(',', Enumerable.Range(1, 30_000).Select(i => ((long)i << 43 | (long)i << 11) + ":1")) + "} %}{% for i in range(1000) %}{% set n = namespace(d) %}{% set e = dict(d) %}{% endfor %}" },
        { "deep scopes", Repeat("{% with %}", 90) + "{% set r = range(1000000) %}{% for i in r %}{% for i in r %}{{ nope }}{% endfor %}{% endfor %}" + Repeat("{% endwith %}", 90) },
        { "attributes of a namespace", "{% set n = namespace(" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"a{i}=1")) + ") %}{% for i in range(1000000) %}{% set n.a1 = [n.a1] %}{% endfor %}{{ [n.a1]|string }}" },
        { "many long ranges", "{% for i in range(100000) %}{% set x = range(1000000) %}{% endfor %}" },
        { "a join with a long separator", "{{ range(100000)|join('x' * 100000) }}" },
        { "the method join", "{{ ('x' * 100000).join('y' * 1000000) }}" },
        { "a replacement that grows", "{{ ('a' * 1000000)|replace('a', 'b' * 1000000) }}" },
        { "a replacement of nothing", "{{ ('a' * 1000000).replace('', 'b' * 1000000) }}" },
        { "an indentation that grows", "{{ ('\\n' * 10000000)|indent(1000, blank=true) }}" },
        { "an indentation by a text", "{{ ('\\na' * 1000000)|indent('x' * 1000000) }}" },
        { "JSON with a wide indentation", "{{ ([[[[[[1] * 10] * 10] * 10] * 10] * 10] * 10)|tojson(indent=1000) }}" },
        { "JSON with long separators", "{{ ([1] * 1000000)|tojson(separators=('x' * 1000000, ':')) }}" },
        { "JSON of escapes", "{{ ('\\x01' * 30000000)|tojson }}" },
        { "HTML of escapes", "{{ ('&' * 30000000)|e }}" },
        { "a URL of escapes", "{{ ('日' * 30000000)|urlencode }}" },
        { "a list of escapes", "{{ ['\\x01' * 30000000] }}" },
        { "a pad of batches", "{{ [1]|batch(10**15, 'x')|list }}" },
        { "map over map", "{{ range(100000)|map('string')|map('replace', '1', 'x' * 100000)|list }}" },
        { "map with many arguments", "{{ range(1000000)|map('default', " + Repeat("0, ", 100_000) + "0)|list }}" },
        { "map of a long path", "{{ [{}]|map(attribute='a.' * 10000000)|list }}" },
        { "a sort that compares long texts", "{% set s = 'a' * 1000000 %}{{ ([s] * 100000)|sort|length }}" },
        { "a maximum of long texts", "{% set s = 'a' * 1000000 %}{{ ([s] * 100000)|max|length }}" },
        { "long texts made unique", "{{ range(1000000)|unique|list|length }}" },
        { "a sum of lists", "{{ ([[1] * 10000] * 10000)|sum(start=[])|length }}" },
        { "a split into characters", "{{ ('a,' * 30000000).split(',')|length }}" },
        { "a split at white space", "{{ ('a ' * 30000000).split()|length }}" },
        { "a split into lines", "{{ ('a\\n' * 30000000).splitlines()|length }}" },
        { "a list of characters", "{{ ('a' * 60000000)|list|length }}" },
        { "a text backwards", "{{ ('a' * 60000000)[::-1]|length }}" },
        { "a slow search", "{{ ('a' * 500000 ~ 'b' ~ 'a' * 500000) in 'a' * 10000000 }}" },
        { "a slow count", "{{ ('a' * 10000000).count('a' * 500000 ~ 'b' ~ 'a' * 500000) }}" },
        { "a slow split", "{{ ('a' * 10000000).split('a' * 500000 ~ 'b' ~ 'a' * 500000) }}" },
        { "a slow replacement", "{{ ('a' * 10000000).replace('a' * 500000 ~ 'b' ~ 'a' * 500000, '') }}" },
        { "a slow search from the right", "{{ ('a' * 10000000).rfind('a' * 500000 ~ 'b' ~ 'a' * 500000) }}" },
        { "searches again and again", "{% set s = 'a' * 30000000 %}{% for i in range(1000000) %}{% set x = 'b' in s %}{% endfor %}" },
        { "lengths again and again", "{% set s = 'a' * 30000000 %}{% for i in range(1000000) %}{% set x = s|length %}{% endfor %}" },
        { "tests again and again", "{% set s = 'A' * 30000000 %}{% for i in range(1000000) %}{% set x = s is upper %}{% endfor %}" },
        { "characters again and again", "{% set s = 'A' * 30000000 %}{% for i in range(1000000) %}{% set x = s[29999999] %}{% endfor %}" },
        { "keys again and again", "{% set s = 'A' * 30000000 %}{% set d = {s: 1} %}{% for i in range(1000000) %}{% set x = d[s] %}{% endfor %}" },
        { "equality again and again", "{% set s = 'A' * 15000000 %}{% set t = 'A' * 15000000 %}{% for i in range(1000000) %}{% set x = s == t %}{% endfor %}" },
        { "methods again and again", "{% set s = ' ' * 30000000 %}{% for i in range(1000000) %}{% set x = s.strip() %}{% endfor %}" },
        { "numbers of long texts", "{% set s = ' ' * 30000000 ~ '1' %}{% for i in range(1000000) %}{% set x = s|int %}{% endfor %}" },
        { "strips of many characters", "{% set s = 'b' * 1000000 ~ 'a' %}{% for i in range(1000000) %}{% set x = ('a' * 300000).strip(s) %}{% endfor %}" },
        { "a date of a long format", "{{ strftime_now('%A' * 10000000)|length }}" },
        { "a block that captures itself", "{% set x %}" + Repeat("{% for i in range(1000) %}", 5) + "xxxxxxxxxx" + Repeat("{% endfor %}", 5) + "{% endset %}" },
        { "a reason without end", "{{ raise_exception('x' * 30000000) }}" },
        { "a power", "{{ 2 ** 9223372036854775807 }}" },
        { "a tower of powers", "{{ 9 ** 9 ** 9 ** 9 }}" },
        { "many brackets", "{{ " + Repeat("(", 100_000) + "1" + Repeat(")", 100_000) + " }}" },
        { "many open brackets", "{{ " + Repeat("[", 100_000) },
        { "many braces", Repeat("{", 1 << 20) },
        { "many braces in a tag", "{{ " + Repeat("{", 500_000) + " }}" },
        { "many signs", "{{ " + Repeat("-", 100_000) + "1 }}" },
        { "many negations", "{{ " + Repeat("not ", 100_000) + "1 }}" },
        { "many conditions", "{{ " + Repeat("1 if 0 else ", 80_000) + "1 }}" },
        { "many tests", "{{ 1" + Repeat(" is eq ", 100_000) + "1 }}" },
        { "many powers", "{{ 1" + Repeat(" ** 1", 100_000) + " }}" },
        { "many sums", "{{ 1" + Repeat(" + 1", 100_000) + " }}" },
        { "many attributes", "{{ a" + Repeat(".a", 100_000) + " }}" },
        { "many subscripts", "{{ " + Repeat("a[", 100_000) + "1" + Repeat("]", 100_000) + " }}" },
        { "many calls", "{{ f" + Repeat("()", 100_000) + " }}" },
        { "many filters", "{{ 1" + Repeat("|string", 100_000) + " }}" },
        { "many blocks", Repeat("{% if 1 %}", 80_000) + Repeat("{% endif %}", 20_000) },
        { "many comments", Repeat("{#", 500_000) },
        { "many beginnings of raw", Repeat("{% raw %}{% ", 80_000) },
        { "a tag that never ends", "{% " + Repeat("a ", 500_000) },
        { "a text that never ends", "{{ '" + Repeat("a", 1_000_000) },
        { "a number without end", "{{ " + Repeat("9", 1_000_000) + " }}" },
        { "too long a template", Repeat("x", (1 << 20) + 1) },
    };

    [Theory]
    [MemberData(nameof(Bombs), DisableDiscoveryEnumeration = true)]
    public void A_bomb_ends_with_a_clear_error_soon_and_in_bounded_memory(string name, string template)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan started = ThreadTime();
        InvalidTemplateException error = Assert.Throws<InvalidTemplateException>(() => Template.Parse(template).Render([]));
        TimeSpan taken = ThreadTime() - started;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        TestContext.Current.SendDiagnosticMessage("{0}: {1:F2} s, {2} MiB, {3}", name, taken.TotalSeconds, allocated >> 20, error.Reason[..Math.Min(error.Reason.Length, 80)]);
        Assert.True(taken < Patience, $"{name} took {taken}.");
        Assert.True(allocated < MaxAllocatedBytes, $"{name} allocated {allocated >> 20} MiB.");
        Assert.True(error.Message.Length < 2000);
    }

    // Long ones that are no bombs.
    [Theory]
    [InlineData("adjacent texts", "'a' ", 200_000)]
    [InlineData("a list", "1,", 200_000)]
    [InlineData("a sum of lists", "[]+", 40)]
    public void What_is_only_long_is_rendered(string name, string piece, int count)
    {
        string inside = Repeat(piece, count).TrimEnd(',', '+');
        string text = Template.Parse($"{{{{ [{inside}]|length }}}}").Render([]);
        Assert.True(text.Length > 0, name);
    }

    // A namespace can hold itself; nothing goes through what it holds.
    [Theory]
    [InlineData("{{ n == n }}", "True")]
    [InlineData("{{ n in [n] }}", "True")]
    [InlineData("{{ n.n.n.n.x }}", "1")]
    [InlineData("{{ n }}", null)]
    [InlineData("{{ [n] }}", null)]
    [InlineData("{{ n|tojson }}", null)]
    [InlineData("{{ n < n }}", null)]
    [InlineData("{{ [n, n]|sort }}", null)]
    [InlineData("{{ {n: 1} }}", null)]
    [InlineData("{{ n.l|string }}", null)]
    public void A_namespace_that_holds_itself_is_harmless(string use, string? expected)
    {
        string template = "{% set n = namespace(x=1) %}{% set n.n = n %}{% set n.l = [n, {'n': n}] %}" + use;
        Assert.Equal(expected, TemplateFixtures.Render(template, []));
    }

    [Theory]
    [InlineData("''.__class__")]
    [InlineData("x.GetType")]
    [InlineData("x.Length")]
    [InlineData("l.Count")]
    [InlineData("l.Capacity")]
    [InlineData("l.Add")]
    [InlineData("d.Pairs")]
    [InlineData("d.Comparer")]
    [InlineData("n.Attributes")]
    [InlineData("().Items")]
    [InlineData("range.Call")]
    [InlineData("range.Name")]
    [InlineData("range.Method")]
    [InlineData("range.Invoke")]
    [InlineData("range.Target")]
    [InlineData("nope|string|attr('Length') if false else none.Value")]
    [InlineData("1.MaxValue if false else x.Chars")]
    [InlineData("x['GetType']")]
    [InlineData("l['Count']")]
    [InlineData("x.ToString")]
    [InlineData("x.Equals")]
    public void No_member_of_NET_is_reached(string expression)
    {
        string template = "{% set x = 'text' %}{% set l = [1] %}{% set d = {'k': 1} %}{% set n = namespace(a=1) %}";
        Assert.True(TemplateFixtures.Render(template + $"{{{{ ({expression}) is undefined }}}}", []) is "True" or null);
        Assert.Null(TemplateFixtures.Render(template + $"{{{{ ({expression})() }}}}", []));
        Assert.Null(TemplateFixtures.Render(template + $"{{{{ ({expression}).x.y }}}}", []));
    }

    [Theory]
    [InlineData("{% include 'secret' %}", "include")]
    [InlineData("{% import 'secret' as s %}", "import")]
    [InlineData("{% from 'secret' import s %}", "from")]
    [InlineData("{% extends 'secret' %}", "extends")]
    [InlineData("{% block b %}{% endblock %}", "block")]
    [InlineData("a\nb\n{% for x in y recursive %}{% endfor %}", "recursive")]
    public void What_is_not_supported_is_refused_by_name(string template, string name)
    {
        InvalidTemplateException error = Assert.Throws<InvalidTemplateException>(() => Template.Parse(template));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Equal(template.Count(character => character == '\n') + 1, error.Line);
    }

    [Theory]
    [InlineData("{{ 1 }}\n\n{{ 1 + }}", 3)]
    [InlineData("{% if true %}\n{{ nope.x }}\n{% endif %}", 2)]
    [InlineData("\n{# a\nb #}\n{% for x in 5 %}{% endfor %}", 4)]
    [InlineData("{{ 'a\nb' }}{{\n\nnope() }}", 2)]
    [InlineData("\n{{ a.99999999999999999999 }}", 2)]
    [InlineData("{% raw %}\n\n{% endraw %}\n{{ raise_exception('no') }}", 4)]
    [InlineData("{% macro f() %}\n{{ 1 / 0 }}\n{% endmacro %}\n\n{{ f() }}", 2)]
    public void An_error_names_its_line(string template, int line)
    {
        InvalidTemplateException error = Assert.Throws<InvalidTemplateException>(() => Template.Parse(template).Render([]));
        Assert.Equal(line, error.Line);
        Assert.StartsWith($"template, line {line}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rendering_can_be_canceled()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Template template = Template.Parse("{% for i in range(1000) %}{% for j in range(1000) %}{{ j }}{% endfor %}{% endfor %}");
        Assert.Throws<OperationCanceledException>(() => template.Render([], cancellationToken: source.Token));
    }

    [Theory]
    [InlineData("""{"x": {"a": 1, "a": 2}}""")]
    [InlineData("""{"x": "\ud800"}""")]
    [InlineData("""{"x": [123456789012345678901234567890]}""")]
    public void Variables_that_are_not_what_they_seem_are_refused(string json) =>
        Assert.ThrowsAny<InvalidInputException>(() => Template.Parse("{{ x }}").Render(JsonNode.Parse(json)!.AsObject()));

    // Nothing but text or a refusal comes of any sequence of tokens.
    [Fact]
    public void Any_soup_of_tokens_gives_a_text_or_a_refusal()
    {
        Gen.Int[0, Pieces.Length - 1].Select(index => Pieces[index]).Array[1, 40].Sample(
            pieces =>
            {
                string template = string.Concat(pieces);
                try
                {
                    Template.Parse(template).Render(new JsonObject { ["m"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "héllo 🚀" }, 1, "x"), ["n"] = null });
                }
                catch (InvalidTemplateException)
                {
                }
            },
            iter: 20_000);
    }

    // Inside a tag, where more of the soup means something.
    [Fact]
    public void Any_soup_inside_a_tag_gives_a_text_or_a_refusal()
    {
        Gen.Int[0, Inside.Length - 1].Select(index => Inside[index]).Array[1, 12].Sample(
            pieces =>
            {
                StringBuilder template = new("{% set l = [3, 'a', none, 2.5] %}{% set d = {'a': 1, 2: 'b'} %}{% set s = 'a🚀b' %}{{ ");
                template.AppendJoin(' ', pieces).Append(" }}");
                try
                {
                    Template.Parse(template.ToString()).Render([]);
                }
                catch (InvalidTemplateException)
                {
                }
            },
            iter: 40_000);
    }

    private static readonly string[] Pieces =
    [
        "{{ ", " }}", "{% ", " %}", "{%- ", " -%}", "{# ", " #}", "{{- ", "-}}", "\n", "  ", "if ", "else", "elif ", "endif", "for x in ", "endfor", "set x = ", "set ns.x = ", "endset", "macro f(a, b=1)",
        "endmacro", "call f(1)", "endcall", "filter upper", "endfilter", "with a = 1", "endwith", "raw", "endraw", "break", "continue", "m", "m[0].content", "x", "f(1)", "caller()", "loop.index", "namespace(x=1)", "ns",
        "range(3)", "'a'", "\"b\"", "1", "2.5", "+", "-", "*", "/", "//", "%", "**", "~", "|", "(", ")", "[", "]", "{", "}", ",", ":", ".", "==", "in ", "not ", "and ", "or ", "is ", "defined", "string", "tojson",
        "join", "trim", "é", "🚀", "\\", "'", "\"", "\0", "{% if m %}a{% endif %}", "{% for x in m %}{{ x }}{% endfor %}", "{% set ns = namespace(x=1) %}", "{% generation %}", "{% endgeneration %}",
    ];

    private static readonly string[] Inside =
    [
        "l", "d", "s", "nope", "none", "true", "0", "1", "-1", "2.5", "9223372036854775807", "'a'", "''", "','", "[", "]", "(", ")", "{", "}", ",", ":", ".a", "[0]", "[-1]", "[::-1]", "[1:]", "[::9223372036854775807]",
        "[5::-9223372036854775807]", "+", "-", "*", "/", "//", "%", "**", "~", "==", "<", ">=", "in", "not in", "and", "or", "not", "if", "else", "is", "is not", "defined", "none", "odd", "divisibleby -1", "in l", "eq 1",
        "|sort", "|list", "|first", "|last", "|length", "|join", "|join('-')", "|tojson", "|tojson(indent=2)", "|map('upper')", "|map(attribute='a')", "|select", "|selectattr('a')", "|unique", "|max", "|sum", "|batch(2)", "|batch(2, 0)",
        "|dictsort", "|items", "|int", "|float", "|round", "|round(20)", "|abs", "|string", "|trim", "|title", "|replace('a', 'b')", "|replace('', 'x', -1)", "|indent(-5)", "|reverse", "|default('x')", "|e", "|urlencode", "|wordcount",
        ".split('a')", ".split(none, 1)", ".rsplit(' ', 9223372036854775807)", ".splitlines()", ".strip('🚀')", ".find('b')", ".count('')", ".title()", ".items()", ".get('a')", ".keys()", ".startswith(('a',))", ".join(l)", ".join('ab')",
        "range(5, 0, -1)", "range(9223372036854775807, -9223372036854775807, -9223372036854775807)", "namespace(a=1)", "dict(a=1)", "strftime_now('%Y')", "raise_exception('x')", "(-9223372036854775807 - 1)",
    ];

    private static TimeSpan ThreadTime() => File.Exists(ThreadTimes)
        ? TimeSpan.FromMicroseconds(long.Parse(File.ReadAllText(ThreadTimes).Split(' ')[0], CultureInfo.InvariantCulture) / 1000)
        : TimeSpan.FromMilliseconds(Environment.TickCount64);

    private static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();
}
