namespace Moiety.Models.Tokenizers;

/// <summary>
/// Places waiting to be merged: the lowest rank first, and within a rank the leftmost. Places mostly come in order, so each rank has
/// a plain list, and a heap only for latecomers.
/// </summary>
internal sealed class MergeQueue
{
    private readonly PriorityQueue<Bucket, int> _ranks = new();
    private readonly Dictionary<int, Bucket> _buckets = [];
    private Bucket? _last;

    /// <summary>Adds a place.</summary>
    public void Add(int rank, int place)
    {
        if (_last?.Rank != rank && !_buckets.TryGetValue(rank, out _last))
        {
            _last = new Bucket(rank);
            _buckets.Add(rank, _last);
            _ranks.Enqueue(_last, rank);
        }

        _last.Add(place);
    }

    /// <summary>Takes the next place out.</summary>
    public bool TryTake(out int rank, out int place)
    {
        while (_ranks.TryPeek(out Bucket? bucket, out rank))
        {
            if (bucket.TryTake(out place))
            {
                return true;
            }

            _ranks.Dequeue();
            _buckets.Remove(rank);
            _last = null;
        }

        place = 0;
        return false;
    }

    private sealed class Bucket(int rank)
    {
        private readonly List<int> _inOrder = [];
        private PriorityQueue<int, int>? _late;
        private int _head;

        public int Rank { get; } = rank;

        public void Add(int place)
        {
            if (_inOrder.Count == 0 || place >= _inOrder[^1])
            {
                _inOrder.Add(place);
            }
            else
            {
                _late ??= new PriorityQueue<int, int>();
                _late.Enqueue(place, place);
            }
        }

        public bool TryTake(out int place)
        {
            bool anyInOrder = _head < _inOrder.Count;
            if (_late is not null && _late.TryPeek(out place, out _) && (!anyInOrder || place < _inOrder[_head]))
            {
                _late.Dequeue();
                return true;
            }

            place = anyInOrder ? _inOrder[_head++] : 0;
            return anyInOrder;
        }
    }
}
