using System.Globalization;
using Moiety.Data.Almanac;
using Moiety.Data.Documents;
using Moiety.Models;

namespace Moiety.Data;

/// <summary>What corpus to generate. The same options give the same bytes on every machine and any number of threads.</summary>
public sealed record StoryWorldOptions
{
    private const long Largest = 1L << 40;

    /// <summary>The seed; corpora of different seeds are independent draws of the same world.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How many bytes of text (UTF-8, without JSON) to reach; null where <see cref="Documents"/> sets the end.</summary>
    public long? SizeInBytes { get; init; }

    /// <summary>How many documents to write; null where <see cref="SizeInBytes"/> sets the end.</summary>
    public long? Documents { get; init; }

    /// <summary>How the file is written.</summary>
    public StoryWorldFormat Format { get; init; } = StoryWorldFormat.JsonLines;

    /// <summary>The weight of each kind of document; null for the defaults of <see cref="StoryWorldKind"/>. A kind that is absent does not occur.</summary>
    public IReadOnlyDictionary<string, int>? Kinds { get; init; }

    /// <summary>How strongly the group of a person decides the trait, 0 (not at all) to 1 (fully), in the documents of kind <c>group</c>.</summary>
    public double Association { get; init; }

    /// <summary>
    /// How many people the documents of the kinds <c>almanac</c> and <c>almanac-questions</c> know six facts each about. The facts are
    /// the same for every seed.
    /// </summary>
    public int Residents { get; init; } = 1000;

    /// <summary>How many threads generate; the result does not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// The entropy of a document in nats, where it is known: corpora of the kind <c>almanac</c> alone. Nobody who knows all facts can
    /// foresee the text better; divided by the tokens of a document it is the floor of a model's loss.
    /// </summary>
    public double? DocumentEntropy => Kinds is { } kinds && kinds.All(kind => kind.Value == 0 || kind.Key == "almanac") ? AlmanacKind.Entropy(Residents) : null;

    /// <summary>Reads kinds as a user writes them: <c>story=4,qa=3,toy-language=1</c>.</summary>
    /// <exception cref="InvalidInputException">A pair that is not a known kind and a whole number from 0 to 1,000,000.</exception>
    public static IReadOnlyDictionary<string, int> ParseKinds(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Dictionary<string, int> kinds = new(StringComparer.Ordinal);
        foreach (string pair in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = pair.Split('=', StringSplitOptions.TrimEntries);
            if (sides.Length != 2 || !int.TryParse(sides[1], NumberStyles.None, CultureInfo.InvariantCulture, out int weight))
            {
                throw new InvalidInputException($"kinds: \"{pair}\" is not of the form kind=weight, e.g. story=4,qa=3");
            }

            if (!kinds.TryAdd(sides[0], weight))
            {
                throw new InvalidInputException($"kinds: \"{sides[0]}\" is given twice");
            }
        }

        CheckKinds(kinds);
        return kinds;
    }

    /// <summary>Reads a size as a user writes it: <c>50MB</c>, <c>512 KB</c>, <c>2GB</c>, <c>1000</c> (bytes); MB is 1,000,000 bytes, MiB is 1,048,576.</summary>
    /// <exception cref="InvalidInputException">Another form, or a size that is not positive.</exception>
    public static long ParseSize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        int digits = 0;
        while (digits < trimmed.Length && char.IsAsciiDigit(trimmed[digits]))
        {
            digits++;
        }

        long unit = trimmed[digits..].Trim().ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KIB" => 1L << 10,
            "MIB" => 1L << 20,
            "GIB" => 1L << 30,
            _ => 0,
        };
        return unit > 0 && long.TryParse(trimmed.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0 && number <= Largest / unit
            ? number * unit
            : throw new InvalidInputException($"size: \"{text}\" is not a size such as 50MB, 512KB or 2GB (at most 1 TB)");
    }

    /// <summary>Checks the options together.</summary>
    /// <exception cref="InvalidInputException">What is wrong, and what to do.</exception>
    public void Validate()
    {
        if (SizeInBytes is null == Documents is null)
        {
            throw new InvalidInputException(SizeInBytes is null ? "give a size or a number of documents" : "give a size or a number of documents, not both");
        }

        if (SizeInBytes is < 1 or > Largest)
        {
            throw new InvalidInputException($"size: {SizeInBytes} bytes is not between 1 byte and 1 TB");
        }

        if (Documents is < 1 or > 1_000_000_000)
        {
            throw new InvalidInputException($"documents: {Documents} is not between 1 and 1,000,000,000");
        }

        if (!(Association >= 0 && Association <= 1))
        {
            throw new InvalidInputException($"association: {Association.ToString(CultureInfo.InvariantCulture)} is not between 0 (the trait does not depend on the group) and 1 (the group decides it)");
        }

        if (Residents < 1 || Residents > FactTable.Largest)
        {
            throw new InvalidInputException($"residents: {Residents} is not between 1 and {FactTable.Largest}, the number of different names");
        }

        if (Threads is < 1 or > 1024)
        {
            throw new InvalidInputException($"threads: {Threads} is not between 1 and 1024");
        }

        if (!Enum.IsDefined(Format))
        {
            throw new InvalidInputException($"format: {Format} is not known; use jsonl or text");
        }

        if (Kinds is not null)
        {
            CheckKinds(Kinds);
        }
    }

    private static void CheckKinds(IReadOnlyDictionary<string, int> kinds)
    {
        foreach ((string name, int weight) in kinds)
        {
            if (!Array.Exists(DocumentKind.All, kind => kind.Name == name))
            {
                throw new InvalidInputException($"kinds: \"{name}\" is not a kind of document; the kinds are {string.Join(", ", DocumentKind.All.Select(kind => kind.Name))}");
            }

            if (weight is < 0 or > 1_000_000)
            {
                throw new InvalidInputException($"kinds: the weight {weight} of \"{name}\" is not between 0 and 1,000,000");
            }
        }

        if (!kinds.Values.Any(weight => weight > 0))
        {
            throw new InvalidInputException("kinds: no kind has a weight above 0, so there is nothing to write");
        }
    }
}
