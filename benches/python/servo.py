STEPS = 200
dt = 0.001
process_noise = 40.0
encoder_noise = 0.0004


class Kalman:
    def __init__(self):
        self.position = 0.0
        self.speed = 0.0
        self.p00 = 1.0
        self.p01 = 0.0
        self.p11 = 1.0


class Pid:
    def __init__(self):
        self.kp = 900.0
        self.ki = 400.0
        self.kd = 50.0
        self.integral = 0.0
        self.limit = 2000.0


def predict(k, acceleration):
    k.position += dt * (k.speed + 0.5 * dt * acceleration)
    k.speed += dt * acceleration
    k.p00 += dt * (2.0 * k.p01 + dt * k.p11) + 0.25 * dt * dt * dt * dt * process_noise
    k.p01 += dt * k.p11 + 0.5 * dt * dt * dt * process_noise
    k.p11 += dt * dt * process_noise


def correct(k, measured):
    scale = 1.0 / (k.p00 + encoder_noise)
    gain0 = k.p00 * scale
    gain1 = k.p01 * scale
    error = measured - k.position
    k.position += gain0 * error
    k.speed += gain1 * error
    k.p11 -= gain1 * k.p01
    k.p01 -= gain0 * k.p01
    k.p00 -= gain0 * k.p00


def control(c, k, target):
    error = target - k.position
    drive = c.kp * error + c.ki * c.integral - c.kd * k.speed
    if drive < c.limit and drive > -c.limit:
        c.integral += error * dt
    return c.limit if drive > c.limit else -c.limit if drive < -c.limit else drive


def run(n):
    state = 25
    total = 0
    kalman = Kalman()
    pid = Pid()
    position = 0.0
    speed = 0.0
    friction = 4.0
    for _ in range(n):
        state = next_random(state)
        target = float(state % 200) * 0.01 - 1.0
        drive = 0.0
        for _ in range(STEPS):
            predict(kalman, drive)
            state = next_random(state)
            noise = float(signed(state) >> 16) * (1.0 / 32768.0)
            correct(kalman, position + 0.02 * noise)
            drive = control(pid, kalman, target)
            speed += dt * (drive - friction * speed)
            position += dt * speed
        total = fold(total, int(position * 1048576.0))
        total = fold(total, int(kalman.speed * 65536.0))
        total = fold(total, int(kalman.p00 * 1073741824.0))
    return signed(total)
