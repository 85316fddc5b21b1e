using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Commands.Doctor;

/// <summary>An agent that has other mounts than this process, as one in a pod has beside a command of the host.</summary>
/// <param name="Pid">The agent's.</param>
internal sealed record AgentContainer(int Pid)
{
    /// <summary>Where one can ask what only its files tell.</summary>
    public string Hint => $"ask there: `kubectl exec` into its pod, or `nsenter --target {Pid} --all ebpflb doctor`";

    /// <summary>null: its mounts are this process's, it does not run, or it is not seen from here.</summary>
    public static AgentContainer? Of(InstanceOptions instance)
    {
        if (DoctorFacts.TryFindOwner(KernelOptions.Of(instance)) is not { } owner || owner.PidNamespace != DoctorFacts.Namespace("pid"))
            return null;
        var mounts = new FileInfo($"/proc/{owner.Pid}/ns/mnt").LinkTarget;
        return mounts is null || mounts == DoctorFacts.Namespace("mnt") ? null : new AgentContainer(owner.Pid);
    }

    /// <summary>A file of the agent's by a path of this process.</summary>
    public string Path(string path) => $"/proc/{Pid}/root{path}";
}
