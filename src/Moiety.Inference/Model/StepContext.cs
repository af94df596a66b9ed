using Moiety.Inference.Steps;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>What the layers of one step share.</summary>
internal sealed class StepContext(WorkerTeam team, StepLayout layout, Workspace workspace, StepResult result, ProductInputObserver? observer)
{
    /// <summary>Who is told the inputs of products, or null.</summary>
    public ProductInputObserver? Observer => observer;

    public WorkerTeam Team => team;

    public StepLayout Layout => layout;

    public Workspace Workspace => workspace;

    public StepResult Result => result;
}
