using BenchmarkDotNet.Running;
using Moiety.Benchmarks;

// dotnet run -c Release --project bench/Moiety.Benchmarks -- --filter '*Product*'
// dotnet run -c Release --project bench/Moiety.Benchmarks -- formats
if (args is ["formats"])
{
    FormatTable.Print(Console.Out);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(FormatTable).Assembly).Run(args);
}
