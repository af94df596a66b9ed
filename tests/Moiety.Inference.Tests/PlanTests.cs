using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>Every field of a plan does what a predicate over token indices says, in the reference forward pass.</summary>
public class PlanTests : EngineTestBase
{
    private const int Count = 40;

    [Fact]
    public void Position_ids_replace_indices() => Check(
        new ForwardPlan { PositionIds = [.. Enumerable.Range(0, Count).Select(token => 3 * (token % 17))] },
        new ReferencePass { Position = token => 3 * (token % 17) });

    [Fact]
    public void Full_visibility_sees_later_tokens() => Check(
        new ForwardPlan { Visibility = Visibility.Full },
        new ReferencePass { Sees = (_, _) => true });

    [Fact]
    public void Sliding_visibility_sees_a_window() => Check(
        new ForwardPlan { Visibility = Visibility.Sliding(5) },
        new ReferencePass { Sees = (query, key) => key <= query && key > query - 5 });

    [Fact]
    public void Full_visibility_within_a_window() => Check(
        new ForwardPlan { Visibility = Visibility.Full with { Window = 5 } },
        new ReferencePass { Sees = (query, key) => Math.Abs(query - key) < 5 });

    [Fact]
    public void Blocks_of_a_set_do_not_see_each_other()
    {
        static int Block(int token) => token is >= 4 and < 10 ? 1 : token is >= 10 and < 17 ? 2 : token is >= 20 and < 25 ? 3 : 0;
        static bool Apart(int query, int key) => (Block(query), Block(key)) is (1, 2) or (2, 1);
        Check(
            new ForwardPlan { Visibility = Visibility.BlockSet(new(4, 10), new(10, 17), new(20, 25, Set: 1)) },
            new ReferencePass { Sees = (query, key) => key <= query && !Apart(query, key) });
    }

    [Fact]
    public void Tree_sees_ancestors_only_and_its_positions_are_depths()
    {
        const int Start = 30;
        int[] parents = [-1, 0, 0, 1, -1, 4, 2, 3, 7, 4];
        bool Ancestor(int node, int key) => node >= 0 && (node == key || Ancestor(parents[node], key));
        int Depth(int node) => node < 0 ? 0 : 1 + Depth(parents[node]);
        ReferencePass pass = new()
        {
            Sees = (query, key) => query < Start || key < Start ? key <= query : Ancestor(query - Start, key - Start),
            Position = token => token < Start ? token : Start + Depth(token - Start) - 1,
        };
        Check(new ForwardPlan { Visibility = Visibility.Tree(parents, Start) }, pass, prefix: Start);
    }

    [Fact]
    public void Restrictions_of_visibility_combine() => Check(
        new ForwardPlan { Visibility = Visibility.BlockSet(new(4, 10), new(10, 17)) with { Window = 9, Bidirectional = true } },
        new ReferencePass
        {
            Sees = (query, key) => Math.Abs(query - key) < 9
                && !(query is >= 4 and < 10 && key is >= 10 and < 17) && !(query is >= 10 and < 17 && key is >= 4 and < 10),
        });

    [Fact]
    public void Steering_scales_and_biases_scores_of_key_ranges() => Check(
        new ForwardPlan
        {
            Steering =
            [
                new() { KeyStart = 2, KeyEnd = 9, Bias = MathF.Log(0.01f) },
                new() { Layer = 1, KeyStart = 5, KeyEnd = 1000, Scale = 0.5f },
                new() { Layer = 0, Head = 2, KeyStart = 0, KeyEnd = 3, Bias = 2, Scale = -1 },
                new() { Head = 1, KeyStart = 1, KeyEnd = 2, Bias = float.NegativeInfinity },
            ],
        },
        new ReferencePass
        {
            Score = (layer, head, _, key, score) =>
            {
                score += key is >= 2 and < 9 ? Math.Log(0.01f) : 0;
                score *= layer == 1 && key >= 5 ? 0.5 : 1;
                score = layer == 0 && head == 2 && key < 3 ? 2 - score : score;
                return head == 1 && key == 1 ? double.NegativeInfinity : score;
            },
        });

    [Fact]
    public void Uniform_schedule_skips_layers_for_all_tokens() => Check(
        new ForwardPlan { Schedule = LayerSchedule.Uniform(LayerMode.SkipFeedForward, LayerMode.Run, LayerMode.Skip, LayerMode.SkipFeedForward) },
        new ReferencePass
        {
            Attends = (layer, _) => layer != 2,
            FeedsForward = (layer, _) => layer == 1,
        });

    [Fact]
    public void Token_schedule_skips_what_each_token_asks_for()
    {
        static LayerMode Mode(int layer, int token) => (LayerMode)((token * 7 + layer * 3 + token / 5) % 4);
        LayerMode[] modes = [.. from token in Enumerable.Range(0, Count) from layer in Enumerable.Range(0, 4) select Mode(layer, token)];
        Check(
            new ForwardPlan { Schedule = LayerSchedule.PerToken(4, modes) },
            new ReferencePass
            {
                Attends = (layer, token) => Mode(layer, token) is LayerMode.Run or LayerMode.SkipFeedForward,
                FeedsForward = (layer, token) => Mode(layer, token) is LayerMode.Run,
                HasKeyValue = (layer, token) => Mode(layer, token) is not LayerMode.Skip,
            });
    }

    [Fact]
    public void All_fields_combine() => Check(
        new ForwardPlan
        {
            PositionIds = [.. Enumerable.Range(0, Count).Select(token => 2 * token)],
            Visibility = Visibility.Sliding(11),
            Steering = [new() { Head = 3, KeyStart = 0, KeyEnd = 20, Bias = 1 }],
            Schedule = LayerSchedule.Uniform(LayerMode.Run, LayerMode.SkipFeedForward, LayerMode.Run, LayerMode.Run),
        },
        new ReferencePass
        {
            Position = token => 2 * token,
            Sees = (query, key) => key <= query && key > query - 11,
            Score = (_, head, _, key, score) => head == 3 && key < 20 ? score + 1 : score,
            FeedsForward = (layer, _) => layer != 1,
        });

    [Fact]
    public void Only_the_logits_asked_for_are_computed()
    {
        ModelConfig config = SmallModels.Pyramid;
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact);
        int[] tokens = RandomTokens(Count, config);
        float[][] all = Run(engine, tokens);
        using KvCache first = engine.CreateCache();
        using KvCache second = engine.CreateCache();
        using KvCache third = engine.CreateCache();
        Batch batch = new();
        batch.Add(first, tokens, LogitsWanted.None);
        batch.Add(second, tokens, LogitsWanted.Last);
        batch.Add(third, tokens, LogitsWanted.None, new ForwardPlan { LogitPositions = [3, 20] });
        StepResult result = engine.Step(batch);
        Assert.Equal(3, result.LogitRowCount);
        Assert.Throws<InvalidOperationException>(() => result.Logits(0).Length);
        Assert.Throws<InvalidOperationException>(() => result.Logits(1, 0).Length);
        AssertSameBits([all[^1], all[3], all[20], all[20]], [[.. result.Logits(1)], [.. result.Logits(2, 3)], [.. result.Logits(2, 20)], [.. result.Logits(2)]]);
    }

    public static TheoryData<string, ForwardPlan> BadPlans => new()
    {
        { "PositionIds", new ForwardPlan { PositionIds = [1, 2] } },
        { "PositionIds", new ForwardPlan { PositionIds = [0, 1, -2] } },
        { "Window", new ForwardPlan { Visibility = Visibility.Sliding(0) } },
        { "Blocks", new ForwardPlan { Visibility = Visibility.BlockSet(new(0, 2), new(1, 3)) } },
        { "Parents", new ForwardPlan { Visibility = Visibility.Tree([-1, 0]) } },
        { "Parents", new ForwardPlan { Visibility = Visibility.Tree([-1, 2, 0]) } },
        { "TreeStart", new ForwardPlan { Visibility = Visibility.Tree([-1, 0, 0], -1) } },
        { "Steering", new ForwardPlan { Steering = [new() { KeyStart = 3, KeyEnd = 2 }] } },
        { "Steering", new ForwardPlan { Steering = [new() { KeyStart = 0, KeyEnd = 2, Bias = float.NaN }] } },
        { "Steering", new ForwardPlan { Steering = [new() { KeyStart = 0, KeyEnd = 2, Layer = 4 }] } },
        { "Steering", new ForwardPlan { Steering = [new() { KeyStart = 0, KeyEnd = 2, Head = 4 }] } },
        { "Schedule", new ForwardPlan { Schedule = LayerSchedule.Uniform(LayerMode.Run) } },
        { "Schedule", new ForwardPlan { Schedule = LayerSchedule.PerToken(4, new LayerMode[8]) } },
        { "HiddenStates", new ForwardPlan { HiddenStates = [6] } },
        { "AttentionMaps", new ForwardPlan { AttentionMaps = [-1] } },
        { "RouterDecisions", new ForwardPlan { RouterDecisions = [0] } },
        { "RouterScores", new ForwardPlan { RouterDecisions = [1], RouterScores = [2] } },
        { "ExpertOutputNorms", new ForwardPlan { ExpertOutputNorms = [1] } },
        { "LogitPositions", new ForwardPlan { LogitPositions = [2, 1] } },
        { "LogitPositions", new ForwardPlan { LogitPositions = [3] } },
    };

    [Theory]
    [MemberData(nameof(BadPlans))]
    public void Plans_that_do_not_fit_are_refused_by_field(string field, ForwardPlan plan)
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Pyramid, 3);
        using Engine engine = Engine.Open(checkpoint, Exact);
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, [1, 2, 3], LogitsWanted.Last, plan);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => engine.Step(batch));
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, cache.Length);
        Assert.Equal(0, engine.Pages.InUse);
    }

    /// <summary>Compares everything that a plan can return, in one step or after a cached plain prefix, with the reference.</summary>
    private static void Check(ForwardPlan plan, ReferencePass pass, int prefix = 0)
    {
        ModelConfig config = SmallModels.Pyramid;
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8 });
        int[] tokens = RandomTokens(Count, config);
        ReferenceOutput expected = new ReferenceDecoder(checkpoint).Forward(tokens, pass);
        int[] mixtures = [.. Enumerable.Range(0, config.LayerCount).Where(layer => config.FeedForwards[layer].Moe is not null)];
        plan = plan with
        {
            HiddenStates = [.. Enumerable.Range(0, config.LayerCount + 2)],
            AttentionMaps = [.. Enumerable.Range(0, config.LayerCount)],
            RouterDecisions = [.. mixtures],
            RouterScores = [.. mixtures.Reverse()],
            ExpertOutputNorms = [.. mixtures],
        };
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        if (prefix > 0)
        {
            batch.Add(cache, tokens.AsSpan(0, prefix), LogitsWanted.None);
            engine.Step(batch);
            batch.Clear();
        }

        batch.Add(cache, tokens.AsSpan(prefix), LogitsWanted.All, plan);
        StepResult result = engine.Step(batch);
        for (int token = prefix; token < Count; token++)
        {
            int position = token - prefix;
            AssertClose(expected.Logits[token], result.Logits(0, position));
            for (int depth = 0; depth < expected.HiddenStates.Length; depth++)
            {
                AssertClose(expected.HiddenStates[depth][token], result.HiddenState(0, depth, position));
            }

            for (int layer = 0; layer < config.LayerCount; layer++)
            {
                for (int head = 0; head < config.HeadCount; head++)
                {
                    AssertClose(expected.Attention[layer][head][token], result.AttentionMap(0, layer, head, position));
                }
            }

            foreach (int layer in plan.RouterDecisions)
            {
                RouterDecision decision = result.Routing(0, layer, position);
                ReferenceRouting routing = expected.Routing[layer][token];
                Assert.Equal(routing.Experts, decision.Experts.ToArray());
                AssertClose(routing.Weights, decision.Weights);
                AssertClose(routing.Scores, decision.Scores);
                AssertClose([0, .. routing.OutputNorms], [0, .. decision.OutputNorms]);
            }
        }
    }
}
