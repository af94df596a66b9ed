namespace Moiety.Models.Templates;

/// <summary>Places in texts. Python counts characters of Unicode where .NET counts the halves of which rarer ones are made.</summary>
internal static class TextSearch
{
    /// <summary>Offset of a part at or after another offset, or -1.</summary>
    public static int Find(string whole, string part, int from, TemplateBudget budget)
    {
        budget.Search(whole, part);
        return whole.IndexOf(part, from, StringComparison.Ordinal);
    }

    /// <summary>How many characters stand before an offset.</summary>
    public static long Place(string text, int offset, TemplateBudget budget)
    {
        budget.Scan(Math.Max(offset, 0));
        long place = offset < 0 ? -1 : 0;
        for (int at = 0; at < offset; at += Width(text, at))
        {
            place++;
        }

        return place;
    }

    /// <summary>Offset of a character, the end of the text for one beyond it.</summary>
    public static int Offset(string text, long place, TemplateBudget budget)
    {
        budget.Scan(Math.Min(place, text.Length));
        int offset = 0;
        for (long count = 0; count < place && offset < text.Length; count++)
        {
            offset += Width(text, offset);
        }

        return offset;
    }

    /// <summary>The character at an offset.</summary>
    public static string Character(string text, int offset) => text.Substring(offset, Width(text, offset));

    /// <summary>How many units of .NET the character at an offset takes.</summary>
    public static int Width(string text, int offset) => char.IsSurrogatePair(text, offset) ? 2 : 1;

    /// <summary>Whether a text has letters of a case and none of the other.</summary>
    public static bool IsAll(string text, bool upper)
    {
        bool found = false;
        foreach (char character in text)
        {
            if (upper ? char.IsLower(character) : char.IsUpper(character))
            {
                return false;
            }

            found |= upper ? char.IsUpper(character) : char.IsLower(character);
        }

        return found;
    }

    /// <summary>Number of characters that are of a set.</summary>
    public static long CountAny(string text, string set)
    {
        long count = 0;
        foreach (char character in text)
        {
            count += set.Contains(character, StringComparison.Ordinal) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Number of times that a part occurs without overlap.</summary>
    public static long Count(string text, string part, TemplateBudget budget)
    {
        if (part.Length == 0)
        {
            return TemplateValues.Length(text, budget) + 1;
        }

        budget.Search(text, part);
        long count = 0;
        for (int at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
