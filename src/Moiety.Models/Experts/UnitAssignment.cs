namespace Moiety.Models.Experts;

/// <summary>
/// The linear assignment problem: pairs rows with columns so that the sum of their values is as large as can be, by shortest augmenting
/// paths with potentials (the Hungarian method in the form of Jonker and Volgenant), n^3 steps at most.
/// </summary>
internal static class UnitAssignment
{
    /// <summary>Solves it.</summary>
    /// <param name="values">[n, n], row-major.</param>
    /// <param name="count">n.</param>
    /// <returns>[row]: its column.</returns>
    public static int[] Maximize(ReadOnlySpan<float> values, int count)
    {
        // Index 0 of columns stands for "none"; rows and columns are counted from 1 here.
        double[] ofRow = new double[count + 1];
        double[] ofColumn = new double[count + 1];
        int[] rowOf = new int[count + 1];
        int[] previous = new int[count + 1];
        double[] shortest = new double[count + 1];
        bool[] done = new bool[count + 1];
        for (int row = 1; row <= count; row++)
        {
            rowOf[0] = row;
            int column = 0;
            Array.Fill(shortest, double.PositiveInfinity);
            Array.Clear(done);
            do
            {
                done[column] = true;
                int current = rowOf[column];
                int next = 0;
                double step = double.PositiveInfinity;
                for (int other = 1; other <= count; other++)
                {
                    if (done[other])
                    {
                        continue;
                    }

                    double reduced = -(double)values[((current - 1) * count) + other - 1] - ofRow[current] - ofColumn[other];
                    if (reduced < shortest[other])
                    {
                        (shortest[other], previous[other]) = (reduced, column);
                    }

                    if (shortest[other] < step)
                    {
                        (step, next) = (shortest[other], other);
                    }
                }

                for (int other = 0; other <= count; other++)
                {
                    if (done[other])
                    {
                        ofRow[rowOf[other]] += step;
                        ofColumn[other] -= step;
                    }
                    else
                    {
                        shortest[other] -= step;
                    }
                }

                column = next;
            }
            while (rowOf[column] != 0);

            while (column != 0)
            {
                rowOf[column] = rowOf[previous[column]];
                column = previous[column];
            }
        }

        int[] columns = new int[count];
        for (int column = 1; column <= count; column++)
        {
            columns[rowOf[column] - 1] = column - 1;
        }

        return columns;
    }
}
