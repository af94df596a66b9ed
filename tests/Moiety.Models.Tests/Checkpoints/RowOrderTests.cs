using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>Rows of query and key projections move between halves and pairs, with all that belongs to them.</summary>
public class RowOrderTests
{
    [Theory]
    [InlineData(TensorRole.Query, 4, null)]
    [InlineData(TensorRole.Key, 2, 8)]
    [InlineData(TensorRole.QueryBias, 4, 6)]
    [InlineData(TensorRole.KeyBias, 2, null)]
    [InlineData(TensorRole.QueryNorm, 1, 8)]
    public void Only_rotated_rows_move_and_they_move_back(TensorRole role, int heads, int? rotated)
    {
        ModelConfig halves = FamilyModels.Llama() with { Rotary = new RotaryConfig { Theta = 1e4f, Dimensions = rotated } };
        ModelConfig pairs = halves with { Rotary = halves.Rotary! with { Interleaved = true } };
        TensorSpec tensor = new("x", role, 0, -1, heads * 16, 64, IsVector: false);
        Func<int, int> toPairs = RowOrder.For(tensor, halves, targetInterleaved: true)!;
        Func<int, int> toHalves = RowOrder.For(tensor, pairs, targetInterleaved: false)!;
        int half = (rotated ?? 16) / 2;
        for (int head = 0; head < heads; head++)
        {
            for (int i = 0; i < 16; i++)
            {
                int expected = i >= 2 * half ? i : i % 2 == 0 ? i / 2 : half + (i / 2);
                Assert.Equal((head * 16) + expected, toPairs((head * 16) + i));
                Assert.Equal((head * 16) + i, toHalves(toPairs((head * 16) + i)));
            }
        }
    }

    [Fact]
    public void Nothing_moves_without_rotary_positions_or_into_the_same_order()
    {
        TensorSpec query = new("x", TensorRole.Query, 0, -1, 64, 64, IsVector: false);
        Assert.Null(RowOrder.For(query, FamilyModels.Llama(), targetInterleaved: false));
        Assert.Null(RowOrder.For(query, FamilyModels.Llama(), targetInterleaved: null));
        Assert.Null(RowOrder.For(query, FamilyModels.Llama() with { Rotary = null }, targetInterleaved: true));
        Assert.Null(RowOrder.For(query with { Role = TensorRole.Value }, FamilyModels.Llama(), targetInterleaved: true));
    }
}
