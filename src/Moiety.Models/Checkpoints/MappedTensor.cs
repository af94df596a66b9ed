namespace Moiety.Models.Checkpoints;

/// <summary>A tensor of a file together with the mapping that holds it.</summary>
/// <param name="File">The mapped file.</param>
/// <param name="Tensor">What its header says.</param>
internal readonly record struct MappedTensor(MappedFile File, StoredTensor Tensor);
