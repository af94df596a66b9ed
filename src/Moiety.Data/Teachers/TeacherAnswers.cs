using System.Runtime.InteropServices;
using Moiety.Models;

namespace Moiety.Data.Teachers;

/// <summary>What a teacher says about every position of a sequence; a view of the file.</summary>
public readonly ref struct TeacherAnswers
{
    private readonly ReadOnlySpan<float> _probabilities;
    private readonly ReadOnlySpan<float> _remainders;
    private readonly ReadOnlySpan<byte> _ids;
    private readonly int _top;
    private readonly int _vocabulary;

    internal TeacherAnswers(ReadOnlySpan<byte> block, TeacherCacheDescription description)
    {
        _top = description.Top;
        _vocabulary = description.Vocabulary;
        int numbers = description.SequenceLength * _top;
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(block[..((numbers + description.SequenceLength) * sizeof(float))]);
        _probabilities = values[..numbers];
        _remainders = values[numbers..];
        _ids = block.Slice(values.Length * sizeof(float), numbers * description.IdBytes);
    }

    /// <summary>Log-probabilities of the kept tokens of a position.</summary>
    public ReadOnlySpan<float> LogProbabilities(int position) => _probabilities.Slice(position * _top, _top);

    /// <summary>Logarithm of the probability of all other tokens together; minus infinity where there are none.</summary>
    public float LogRemainder(int position) => _remainders[position];

    /// <summary>The kept tokens of a position.</summary>
    /// <param name="position">The position.</param>
    /// <param name="ids">Receives them, as many as are kept.</param>
    /// <exception cref="InvalidInputException">One is not in the vocabulary.</exception>
    public void CopyIds(int position, Span<int> ids)
    {
        int width = _ids.Length / _probabilities.Length;
        ReadOnlySpan<byte> bytes = _ids.Slice(position * _top * width, _top * width);
        for (int i = 0; i < _top; i++)
        {
            ids[i] = width switch
            {
                0 => i,
                sizeof(ushort) => MemoryMarshal.Cast<byte, ushort>(bytes)[i],
                _ => MemoryMarshal.Cast<byte, int>(bytes)[i],
            };
            if ((uint)ids[i] >= (uint)_vocabulary)
            {
                throw new InvalidInputException($"The teacher's answers name token {ids[i]}, the vocabulary has {_vocabulary}: the file is damaged.");
            }
        }
    }
}
