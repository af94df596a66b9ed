using System.Runtime.InteropServices;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Learns merges from counted words. All words lie one after the other in linked arrays; for each pair there is its count and
/// the places where it was seen, so that a merge only touches its own places. The heap is lazy: an entry is checked against the
/// count when it comes up.
/// </summary>
internal sealed class MergeLearner
{
    private const int Border = -1;
    private const int MergesPerReport = 256;
    private readonly int[] _symbols;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int[] _words;
    private readonly List<long> _wordCounts;
    private readonly Dictionary<Pair, PairPlaces> _pairs = [];
    private readonly PriorityQueue<Pair, Frequency> _queue = new();

    /// <summary>Lays the words out and counts their pairs.</summary>
    public MergeLearner(ByteStringTable words, List<long> wordCounts, int[] byteIds)
    {
        int size = 1;
        for (int word = 0; word < words.Count; word++)
        {
            size = checked(size + words[word].Length + 1);
        }

        _wordCounts = wordCounts;
        _symbols = new int[size];
        _next = new int[size];
        _previous = new int[size];
        _words = new int[size];
        Array.Fill(_symbols, Border);
        int at = 1;
        for (int word = 0; word < words.Count; word++)
        {
            foreach (byte value in words[word])
            {
                _symbols[at] = byteIds[value];
                _words[at++] = word;
            }

            at++;
        }

        for (int i = 0; i < size; i++)
        {
            _next[i] = i + 1;
            _previous[i] = i - 1;
        }
    }

    /// <summary>Merges until the vocabulary is full or no pair is frequent enough.</summary>
    /// <param name="tokens">The bytes of each token so far; merged tokens are appended.</param>
    /// <param name="special">How many of the first tokens are special: their spelling does not count.</param>
    /// <param name="options">Size and least frequency.</param>
    /// <param name="report">Told now and then how far it is.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    public BpeMerge[] Learn(
        List<byte[]> tokens, int special, BpeTrainerOptions options, BpeTrainer.Report report, CancellationToken cancellationToken)
    {
        CountPairs();
        ByteStringTable spelled = new();
        for (int id = special; id < tokens.Count; id++)
        {
            spelled.GetOrAdd(tokens[id]);
        }

        List<BpeMerge> merges = [];
        List<Pair> grown = [];
        while (tokens.Count < options.VocabularySize && _queue.TryDequeue(out Pair pair, out Frequency frequency))
        {
            if (!_pairs.TryGetValue(pair, out PairPlaces? places))
            {
                continue;
            }

            if (places.Count != frequency.Count)
            {
                Offer(pair, places);
                continue;
            }

            if (places.Count < Math.Max(1, options.MinFrequency))
            {
                break;
            }

            // Another pair may have spelled the same token before: then the token is shared, as Hugging Face's trainer does.
            byte[] merged = [.. tokens[pair.Left], .. tokens[pair.Right]];
            int result = special + spelled.GetOrAdd(merged);
            if (result == tokens.Count)
            {
                tokens.Add(merged);
            }

            merges.Add(new BpeMerge(pair.Left, pair.Right, result));
            Merge(pair, places, result, grown);
            if (merges.Count % MergesPerReport == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                report.Tokens(tokens.Count);
            }
        }

        report.Tokens(tokens.Count);
        return [.. merges];
    }

    private void CountPairs()
    {
        for (int at = 0; at + 1 < _symbols.Length; at++)
        {
            if (_symbols[at] != Border && _symbols[at + 1] != Border)
            {
                Change(at, at + 1, 1);
            }
        }

        foreach ((Pair pair, PairPlaces places) in _pairs)
        {
            Offer(pair, places);
        }
    }

    private void Merge(Pair pair, PairPlaces places, int result, List<Pair> grown)
    {
        grown.Clear();
        if (pair.Left == pair.Right)
        {
            // In a run of one symbol the places overlap: the leftmost merges first.
            places.Places.Sort();
        }

        foreach (int at in places.Places)
        {
            int right = _next[at];
            if (_symbols[at] != pair.Left || _symbols[right] != pair.Right)
            {
                continue;
            }

            int before = _previous[at];
            int after = _next[right];
            Change(at, right, -1);
            ChangeIfPair(before, at, -1, grown);
            ChangeIfPair(right, after, -1, grown);
            _symbols[at] = result;
            _symbols[right] = Border - 1;
            _next[at] = after;
            _previous[after] = at;
            ChangeIfPair(before, at, 1, grown);
            ChangeIfPair(at, after, 1, grown);
        }

        _pairs.Remove(pair);
        foreach (Pair candidate in grown)
        {
            if (_pairs.TryGetValue(candidate, out PairPlaces? candidatePlaces) && candidatePlaces.Grown)
            {
                candidatePlaces.Grown = false;
                Offer(candidate, candidatePlaces);
            }
        }
    }

    private void ChangeIfPair(int left, int right, int sign, List<Pair> grown)
    {
        if (_symbols[left] < 0 || _symbols[right] < 0)
        {
            return;
        }

        PairPlaces places = Change(left, right, sign);
        if (sign > 0 && !places.Grown)
        {
            places.Grown = true;
            grown.Add(new Pair(_symbols[left], _symbols[right]));
        }
    }

    private PairPlaces Change(int left, int right, int sign)
    {
        ref PairPlaces? places = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, new Pair(_symbols[left], _symbols[right]), out _);
        places ??= new PairPlaces();
        places.Count += sign * _wordCounts[_words[left]];
        if (sign > 0)
        {
            places.Places.Add(left);
        }

        return places;
    }

    private void Offer(Pair pair, PairPlaces places)
    {
        if (places.Count > 0)
        {
            _queue.Enqueue(pair, new Frequency(places.Count, pair));
        }
    }

    private sealed class PairPlaces
    {
        public long Count { get; set; }

        public bool Grown { get; set; }

        public List<int> Places { get; } = [];
    }

    private readonly record struct Pair(int Left, int Right);

    private readonly record struct Frequency(long Count, Pair Pair) : IComparable<Frequency>
    {
        // More frequent pairs first, then the pair of lower ids.
        public int CompareTo(Frequency other)
        {
            int order = other.Count.CompareTo(Count);
            order = order != 0 ? order : Pair.Left.CompareTo(other.Pair.Left);
            return order != 0 ? order : Pair.Right.CompareTo(other.Pair.Right);
        }
    }
}
