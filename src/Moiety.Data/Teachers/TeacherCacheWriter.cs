using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Moiety.Models;

namespace Moiety.Data.Teachers;

/// <summary>
/// Writes a teacher's answers sequence by sequence into <c>KEY.teacher.partial</c>, which becomes <c>KEY.teacher</c> when the last one is there. A
/// writer that was stopped, or killed, goes on where it was.
/// </summary>
public sealed class TeacherCacheWriter : IDisposable
{
    private readonly TeacherCacheDescription _description;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly byte[] _block;
    private readonly float[] _row;
    private readonly PriorityQueue<int, float> _largest = new();
    private int _position;

    private TeacherCacheWriter(string path, TeacherCacheDescription description)
    {
        _description = description;
        _path = path;
        _block = new byte[checked((int)description.BlockBytes)];
        _row = new float[description.Vocabulary];
        _file = new FileStream(path + ".partial", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        Next = FindEnd();
    }

    /// <summary>Number of the sequence whose answers come next; the number of sequences when all are there.</summary>
    public int Next { get; private set; }

    /// <summary>Opens or makes the partial file.</summary>
    /// <exception cref="InvalidInputException">The folder cannot be written, or another writer is at work there.</exception>
    public static TeacherCacheWriter Open(string folder, TeacherCacheDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        if (description.Top < 1 || description.Top > description.Vocabulary)
        {
            throw new InvalidInputException($"{description.Top} tokens of a position cannot be kept: the number is from 1 to the {description.Vocabulary} of the vocabulary.");
        }

        if (description.BlockBytes > Array.MaxLength)
        {
            throw new InvalidInputException($"The answers over one sequence would take {description.BlockBytes} bytes; keep fewer tokens of each position.");
        }

        try
        {
            Directory.CreateDirectory(folder);
            return new TeacherCacheWriter(TeacherCacheFile.PathOf(folder, description), description);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{folder}: the teacher's answers cannot be written: {error.Message} If another run makes them there, wait for it.", error);
        }
    }

    /// <summary>Adds the answer at the next position, in the order of the corpus; a sequence is written when its last one is there.</summary>
    /// <param name="logits">The teacher's; those beyond the vocabulary are left out.</param>
    /// <exception cref="InvalidInputException">A logit is no number, or the disk is full.</exception>
    public void Add(ReadOnlySpan<float> logits)
    {
        int length = _description.SequenceLength;
        int top = _description.Top;
        Span<float> values = MemoryMarshal.Cast<byte, float>(_block.AsSpan(0, ((length * top) + length) * sizeof(float)));
        Span<byte> ids = _block.AsSpan(values.Length * sizeof(float));
        Soften(logits[.._description.Vocabulary]);
        values[(length * top) + _position] = Keep(values.Slice(_position * top, top), ids[(_position * top * _description.IdBytes)..]);
        if (++_position == length)
        {
            WriteBlock();
        }
    }

    /// <summary>Gives the file its name; all answers are there.</summary>
    /// <exception cref="InvalidOperationException">Answers are missing.</exception>
    public void Complete()
    {
        if (Next != _description.SequenceCount)
        {
            throw new InvalidOperationException($"The answers over {_description.SequenceCount - Next} sequences are missing.");
        }

        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_path + ".partial", _path, overwrite: true);
    }

    /// <summary>Closes the file; what is there is kept.</summary>
    public void Dispose() => _file.Dispose();

    private void WriteBlock()
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_block.AsSpan(_block.Length - sizeof(ulong)), TeacherCacheFile.Checksum(_block));
        try
        {
            _file.Write(_block);
        }
        catch (IOException error)
        {
            throw new InvalidInputException($"{_path}: cannot be written ({_description.FileBytes} bytes in all): {error.Message} What is there is kept.", error);
        }

        _position = 0;
        Next++;
    }

    // log softmax(logits / T) into _row.
    private void Soften(ReadOnlySpan<float> logits)
    {
        float max = TensorPrimitives.Max(logits);
        if (!float.IsFinite(max))
        {
            throw new InvalidInputException($"The teacher's logits over sequence {Next}, position {_position} are not finite: its weights are damaged.");
        }

        TensorPrimitives.Subtract(logits, max, _row);
        TensorPrimitives.Multiply(_row, (float)(1 / _description.Temperature), _row);
        double sum = 0;
        foreach (float value in _row)
        {
            sum += Math.Exp(value);
        }

        TensorPrimitives.Subtract(_row, (float)Math.Log(sum), _row);
    }

    // The most likely tokens in the order of their ids; equal ones are decided for the lower id.
    private float Keep(Span<float> kept, Span<byte> ids)
    {
        if (_description.IsComplete)
        {
            _row.CopyTo(kept);
            return float.NegativeInfinity;
        }

        float least = Least(kept.Length);
        int equal = kept.Length - _largest.UnorderedItems.Count(item => item.Priority > least);
        double remainder = 0;
        int next = 0;
        for (int id = 0; id < _row.Length; id++)
        {
            if (next < kept.Length && (_row[id] > least || (_row[id] == least && equal-- > 0)))
            {
                kept[next] = _row[id];
                Write(ids, next++, id);
            }
            else
            {
                remainder += Math.Exp(_row[id]);
            }
        }

        return (float)Math.Log(remainder);
    }

    // The smallest of the largest; they stay in the queue.
    private float Least(int count)
    {
        _largest.Clear();
        float least = float.NegativeInfinity;
        for (int id = 0; id < _row.Length; id++)
        {
            if (_largest.Count < count)
            {
                _largest.Enqueue(id, _row[id]);
            }
            else if (_row[id] > least)
            {
                _largest.EnqueueDequeue(id, _row[id]);
            }
            else
            {
                continue;
            }

            _largest.TryPeek(out _, out least);
        }

        return least;
    }

    private void Write(Span<byte> ids, int index, int id)
    {
        if (_description.IdBytes == sizeof(ushort))
        {
            BinaryPrimitives.WriteUInt16LittleEndian(ids[(index * sizeof(ushort))..], (ushort)id);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(ids[(index * sizeof(int))..], id);
        }
    }

    // Whole blocks of a writer that was stopped are kept, a torn one is not.
    private int FindEnd()
    {
        byte[] header = TeacherCacheFile.Header(_description);
        byte[] found = new byte[header.Length];
        if (_file.ReadAtLeast(found, found.Length, throwOnEndOfStream: false) < found.Length || !found.AsSpan().SequenceEqual(header))
        {
            _file.SetLength(0);
            _file.Write(header);
            return 0;
        }

        int blocks = (int)Math.Min((_file.Length - header.Length) / _description.BlockBytes, _description.SequenceCount);
        while (blocks > 0 && !IsIntact(blocks - 1))
        {
            blocks--;
        }

        _file.SetLength(header.Length + (blocks * _description.BlockBytes));
        _file.Position = _file.Length;
        return blocks;
    }

    private bool IsIntact(int block)
    {
        _file.Position = TeacherCacheFile.HeaderBytes + (block * _description.BlockBytes);
        _file.ReadExactly(_block);
        return TeacherCacheFile.IsIntact(_block);
    }
}
