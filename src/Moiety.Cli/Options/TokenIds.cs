using System.Globalization;
using Moiety.Models;

namespace Moiety.Cli.Options;

/// <summary>Token ids as users write them: numbers with commas or spaces between.</summary>
internal static class TokenIds
{
    private static readonly char[] Separators = [',', ' ', '\t', '\n', '\r'];

    /// <summary>Reads ids.</summary>
    /// <exception cref="InvalidInputException">Something is not a number, or not in the vocabulary.</exception>
    public static int[] Parse(string text, int vocabularySize)
    {
        string[] parts = text.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        int[] ids = new int[parts.Length];
        for (int index = 0; index < ids.Length; index++)
        {
            if (!int.TryParse(parts[index], NumberStyles.None, CultureInfo.InvariantCulture, out ids[index]) || ids[index] >= vocabularySize)
            {
                throw new InvalidInputException($"\"{parts[index]}\" is not a token id: ids are whole numbers from 0 to {vocabularySize - 1}, with commas between.");
            }
        }

        return ids.Length > 0 ? ids : throw new InvalidInputException("there are no token ids: give numbers with commas between, such as 1,15,3.");
    }
}
