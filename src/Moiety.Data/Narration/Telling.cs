using System.Text;
using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>
/// A text as it grows, and what its reader knows by now: who and what was mentioned, and how recently. Pronouns are
/// chosen from that, so that each has one possible antecedent: nobody else of the same pronouns in this sentence or the one before.
/// </summary>
internal sealed class Telling(StoryRandom random)
{
    private const int PronounsInARow = 3;
    private readonly StringBuilder _text = new(1024);
    private readonly Dictionary<Person, int> _people = [];
    private readonly Dictionary<Person, int> _pronouns = [];
    private readonly Dictionary<Thing, int> _things = [];
    private int _sentence;
    private bool _capital = true;
    private bool _article;

    internal StoryRandom Random { get; } = random;

    internal void BeginSentence()
    {
        _sentence++;
        _capital = true;
    }

    /// <summary>A new sentence after a space; a paragraph begins a line instead.</summary>
    internal void NextSentence(bool paragraph = false)
    {
        if (_text.Length > 0)
        {
            _text.Append(paragraph ? "\n\n" : " ");
        }

        BeginSentence();
    }

    internal void BeginArticle() => _article = true;

    internal void Append(string text)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (_article)
        {
            _article = false;
            Append("aeiou".Contains(char.ToLowerInvariant(text[0]), StringComparison.Ordinal) ? "an " : "a ");
        }

        if (_capital && char.IsAsciiLetter(text[0]))
        {
            _text.Append(char.ToUpperInvariant(text[0])).Append(text, 1, text.Length - 1);
            _capital = false;
            return;
        }

        _text.Append(text);
        _capital = _capital && text is " ";
    }

    internal void Mention(Person person, bool byName)
    {
        _people[person] = _sentence;
        _pronouns[person] = byName ? 0 : _pronouns.GetValueOrDefault(person) + 1;
    }

    internal void Mention(Thing thing) => _things[thing] = _sentence;


    internal bool Knows(Thing thing) => _things.ContainsKey(thing);

    internal bool PrefersPronoun(Person person) =>
        IsBound(person) || (IsClear(person, 1) && _pronouns.GetValueOrDefault(person) < PronounsInARow && Random.Chance(80));

    /// <summary>Whether the person is named in this sentence and is the only one there with these pronouns.</summary>
    internal bool IsBound(Person person) => _people.GetValueOrDefault(person, -9) == _sentence && IsClear(person, 0);

    internal bool PrefersIt(Thing thing)
    {
        if (!IsRecent(_things.GetValueOrDefault(thing, -9)))
        {
            return false;
        }

        foreach ((Thing other, int sentence) in _things)
        {
            if (other != thing && IsRecent(sentence))
            {
                return false;
            }
        }

        return Random.Chance(60);
    }

    public override string ToString() => _text.ToString();

    private bool IsClear(Person person, int sentencesBack)
    {
        int first = _sentence - sentencesBack;
        if (_people.GetValueOrDefault(person, -9) < first)
        {
            return false;
        }

        foreach ((Person other, int sentence) in _people)
        {
            if (other != person && other.Gender == person.Gender && sentence >= first)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsRecent(int sentence) => sentence >= _sentence - 1;
}
