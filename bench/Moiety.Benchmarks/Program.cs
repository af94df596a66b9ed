using BenchmarkDotNet.Running;
using Moiety.Benchmarks;

// dotnet run -c Release --project bench/Moiety.Benchmarks -- --filter '*Product*'
// dotnet run -c Release --project bench/Moiety.Benchmarks -- formats
// dotnet run -c Release --project bench/Moiety.Benchmarks -- processors
if (args is ["formats"])
{
    FormatTable.Print(Console.Out);
}
else if (args is ["processors"])
{
    ProcessorTable.Print(Console.Out);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(FormatTable).Assembly).Run(args);
}
