using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>
/// A piece of grammar, parsed once and rendered many times. Notation: <c>{a|b|}</c> chooses one, <c>&lt;verb&gt;</c> is
/// inflected as the clause needs, <c>@A:s</c> refers to a participant in a case (see <see cref="Reference"/>),
/// <c>%a </c> is the article that fits the next word, <c>^</c> begins a new sentence. Choices nest, so one frame stands
/// for many sentences.
/// </summary>
internal sealed class Frame
{
    private readonly Node _root;

    private Frame(Node root) => _root = root;

    internal static Frame Parse(string text)
    {
        int at = 0;
        Node root = ParseSequence(text, ref at);
        return at == text.Length ? new Frame(root) : throw new FormatException($"Unbalanced braces in the frame \"{text}\".");
    }

    internal static Frame[] ParseAll(params string[] texts) => Array.ConvertAll(texts, Parse);

    internal void Render(Telling telling, WorldEvent happened, VerbForm form) => _root.Render(telling, happened, form);

    private static Node ParseSequence(string text, ref int at)
    {
        List<Node> parts = [];
        int literal = at;
        while (at < text.Length && text[at] is not ('}' or '|'))
        {
            char c = text[at];
            if (c is not ('{' or '<' or '@' or '%' or '^'))
            {
                at++;
                continue;
            }

            AddLiteral(parts, text, literal, at);
            parts.Add(c switch
            {
                '{' => ParseChoice(text, ref at),
                '<' => ParseVerb(text, ref at),
                '@' => ParseReference(text, ref at),
                '%' => ParseArticle(text, ref at),
                _ => ParseStart(ref at),
            });
            literal = at;
        }

        AddLiteral(parts, text, literal, at);
        return parts.Count == 1 ? parts[0] : new Sequence([.. parts]);
    }

    private static void AddLiteral(List<Node> parts, string text, int from, int to)
    {
        if (to > from)
        {
            parts.Add(new Literal(text[from..to]));
        }
    }

    private static Choice ParseChoice(string text, ref int at)
    {
        List<Node> options = [];
        do
        {
            at++;
            options.Add(ParseSequence(text, ref at));
        }
        while (at < text.Length && text[at] == '|');
        if (at >= text.Length)
        {
            throw new FormatException($"A choice is not closed in the frame \"{text}\".");
        }

        at++;
        return new Choice([.. options]);
    }

    private static Verb ParseVerb(string text, ref int at)
    {
        int end = text.IndexOf('>', at);
        Verb verb = new(text[(at + 1)..end]);
        at = end + 1;
        return verb;
    }

    private static Slot ParseReference(string text, ref int at)
    {
        char role = text[at + 1];
        at += 2;
        char mode = '\0';
        if (at + 1 < text.Length && text[at] == ':' && char.IsAsciiLetterLower(text[at + 1]))
        {
            mode = text[at + 1];
            at += 2;
        }

        return new Slot(role, mode);
    }

    private static Article ParseArticle(string text, ref int at)
    {
        at = text.AsSpan(at).StartsWith("%a ") ? at + 3 : throw new FormatException($"A % that is not \"%a \" in the frame \"{text}\".");
        return new Article();
    }

    private static Start ParseStart(ref int at)
    {
        at++;
        return new Start();
    }

    private abstract class Node
    {
        internal abstract void Render(Telling telling, WorldEvent happened, VerbForm form);
    }

    private sealed class Literal(string text) : Node
    {
        internal override void Render(Telling telling, WorldEvent happened, VerbForm form) => telling.Append(text);
    }

    private sealed class Sequence(Node[] parts) : Node
    {
        internal override void Render(Telling telling, WorldEvent happened, VerbForm form)
        {
            foreach (Node part in parts)
            {
                part.Render(telling, happened, form);
            }
        }
    }

    private sealed class Choice(Node[] options) : Node
    {
        internal override void Render(Telling telling, WorldEvent happened, VerbForm form) =>
            telling.Random.Pick(options).Render(telling, happened, form);
    }

    private sealed class Verb(string verb) : Node
    {
        private readonly string[] _forms = Array.ConvertAll(Enum.GetValues<VerbForm>(), form => Verbs.Inflect(verb, form));

        internal override void Render(Telling telling, WorldEvent happened, VerbForm form) => telling.Append(_forms[(int)form]);
    }

    private sealed class Slot(char role, char mode) : Node
    {
        internal override void Render(Telling telling, WorldEvent happened, VerbForm form) =>
            Reference.Render(telling, happened, role, mode, form);
    }

    private sealed class Article : Node
    {
        internal override void Render(Telling telling, WorldEvent happened, VerbForm form) => telling.BeginArticle();
    }

    private sealed class Start : Node
    {
        internal override void Render(Telling telling, WorldEvent happened, VerbForm form) => telling.BeginSentence();
    }
}
