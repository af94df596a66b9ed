namespace Moiety.Training.Routing;

/// <summary>
/// The balanced assignment of BASE layers (Lewis et al., arXiv 2103.16716): each token goes to one expert, every expert gets tokens / experts
/// of them, rounded down or up, and the sum of the scores is the largest that this allows. Tokens join one after the other by the cheapest
/// chain of moves between experts (successive shortest paths), which is exact where the paper's auction comes within an epsilon. Time is
/// about tokens * experts squared.
/// </summary>
internal sealed class BalancedAssignment
{
    private readonly int _experts;
    private readonly double[] _costs;
    private readonly int[] _expertOf;
    private readonly List<int>[] _members;

    // [from, to]: the member of "from" that moves to "to" at the lowest cost.
    private readonly int[] _movers;
    private readonly double[] _potentials;
    private readonly double[] _distances;
    private readonly int[] _previous;
    private readonly bool[] _visited;

    private BalancedAssignment(ReadOnlySpan<float> scores, int experts)
    {
        _experts = experts;
        _costs = new double[scores.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            _costs[i] = -scores[i];
        }

        _expertOf = new int[scores.Length / experts];
        _members = [.. Enumerable.Range(0, experts).Select(_ => new List<int>())];
        _movers = new int[experts * experts];
        _potentials = new double[experts];
        _distances = new double[experts];
        _previous = new int[experts];
        _visited = new bool[experts];
    }

    /// <summary>The expert of every token; the same for the same scores, on any machine.</summary>
    /// <param name="scores">[tokens, experts], row-major, finite.</param>
    /// <param name="experts">Number of experts.</param>
    internal static int[] Solve(ReadOnlySpan<float> scores, int experts)
    {
        BalancedAssignment assignment = new(scores, experts);
        for (int token = 0; token < assignment._expertOf.Length; token++)
        {
            assignment.Add(token);
        }

        return assignment._expertOf;
    }

    private void Add(int token)
    {
        FindPaths(token);

        // All experts get the rounded-down share before one gets more.
        int share = _expertOf.Length / _experts;
        int limit = _members.Any(members => members.Count < share) ? share : share + 1;
        int expert = -1;
        for (int candidate = 0; candidate < _experts; candidate++)
        {
            if (_members[candidate].Count < limit && (expert < 0 || _distances[candidate] + _potentials[candidate] < _distances[expert] + _potentials[expert]))
            {
                expert = candidate;
            }
        }

        for (int i = 0; i < _experts; i++)
        {
            _potentials[i] += _distances[i];
        }

        for (; _previous[expert] >= 0; expert = _previous[expert])
        {
            int from = _previous[expert];
            int moved = _movers[(from * _experts) + expert];
            Leave(moved, from);
            Join(moved, expert);
        }

        Join(token, expert);
    }

    // Dijkstra from the new token over the experts; potentials keep the costs of moves from being negative.
    private void FindPaths(int token)
    {
        for (int expert = 0; expert < _experts; expert++)
        {
            _distances[expert] = Cost(token, expert) - _potentials[expert];
            _previous[expert] = -1;
            _visited[expert] = false;
        }

        for (int round = 0; round < _experts; round++)
        {
            int nearest = -1;
            for (int expert = 0; expert < _experts; expert++)
            {
                if (!_visited[expert] && (nearest < 0 || _distances[expert] < _distances[nearest]))
                {
                    nearest = expert;
                }
            }

            _visited[nearest] = true;
            for (int expert = 0; expert < _experts && _members[nearest].Count > 0; expert++)
            {
                if (!_visited[expert])
                {
                    int mover = _movers[(nearest * _experts) + expert];
                    double distance = _distances[nearest] + Math.Max(0, Cost(mover, expert) - Cost(mover, nearest) + _potentials[nearest] - _potentials[expert]);
                    if (distance < _distances[expert])
                    {
                        _distances[expert] = distance;
                        _previous[expert] = nearest;
                    }
                }
            }
        }
    }

    private void Join(int token, int expert)
    {
        _members[expert].Add(token);
        _expertOf[token] = expert;
        for (int to = 0; to < _experts; to++)
        {
            ref int mover = ref _movers[(expert * _experts) + to];
            if (_members[expert].Count == 1 || MoveCost(token, expert, to) < MoveCost(mover, expert, to))
            {
                mover = token;
            }
        }
    }

    private void Leave(int token, int expert)
    {
        List<int> members = _members[expert];
        members.Remove(token);
        for (int to = 0; to < _experts && members.Count > 0; to++)
        {
            ref int mover = ref _movers[(expert * _experts) + to];
            if (mover != token)
            {
                continue;
            }

            mover = members[0];
            foreach (int member in members)
            {
                if (MoveCost(member, expert, to) < MoveCost(mover, expert, to))
                {
                    mover = member;
                }
            }
        }
    }

    private double MoveCost(int token, int from, int to) => Cost(token, to) - Cost(token, from);

    private double Cost(int token, int expert) => _costs[(token * _experts) + expert];
}
