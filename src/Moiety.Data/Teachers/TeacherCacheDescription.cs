using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Moiety.Data.Teachers;

/// <summary>
/// What the answers of a teacher over a corpus depend on, and how they are kept: per position the <see cref="Top"/> most likely next tokens
/// with their log-probabilities, and the logarithm of all other tokens' probability together.
/// </summary>
/// <param name="Teacher">Hash of the teacher.</param>
/// <param name="Tokens">Hash of the corpus and the tokenizer.</param>
/// <param name="SequenceLength">Positions of a sequence.</param>
/// <param name="SequenceCount">Sequences of the corpus.</param>
/// <param name="Vocabulary">Tokens among which the teacher chooses: those of the student.</param>
/// <param name="Top">Tokens that are kept of each position; <paramref name="Vocabulary"/> keeps all.</param>
/// <param name="Temperature">Temperature of the distribution.</param>
/// <param name="Separator">The token that starts every document and hides what is before it, or null where sequences are read as one text.</param>
public sealed record TeacherCacheDescription(string Teacher, string Tokens, int SequenceLength, int SequenceCount, int Vocabulary, int Top, double Temperature, int? Separator)
{
    private const int WideVocabulary = 1 << 16;

    /// <summary>Whether every token's probability is kept, so that nothing is left over.</summary>
    public bool IsComplete => Top == Vocabulary;

    /// <summary>Name of the file: a hash of everything here.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{Teacher} {Tokens} {SequenceLength} {SequenceCount} {Vocabulary} {Top} {Temperature:R} {Separator}"))))[..32];

    /// <summary>Bytes of a token id; 0 where ids are the places in the list.</summary>
    internal int IdBytes => IsComplete ? 0 : Vocabulary > WideVocabulary ? sizeof(int) : sizeof(ushort);

    /// <summary>Bytes of all answers over one sequence: log-probabilities, what is left over, ids and a checksum.</summary>
    internal long BlockBytes => (SequenceLength * (((long)Top * (sizeof(float) + IdBytes)) + sizeof(float))) + sizeof(ulong);

    /// <summary>Bytes of the whole file.</summary>
    public long FileBytes => checked(TeacherCacheFile.HeaderBytes + (SequenceCount * BlockBytes));
}
